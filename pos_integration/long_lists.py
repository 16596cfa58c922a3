"""Lists of tables with millions of rows: turned by the key of their rows, never counted whole."""

from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from pos_integration import staff
from pos_integration.desk import M, Page, grouped

AFTER, BEFORE = "after", "before"  # in a list's address
_BETWEEN = "~"  # the values of a key

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator


class LongListPaginator(AnyPaginator):
    """How long a list is, without counting millions of rows.

    A whole table is as long as PostgreSQL last thought; a part of it is counted up to `most`.
    """

    most = 1_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        if not rows.query.where:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                    [rows.model._meta.db_table],
                )
                estimate = int(cursor.fetchone()[0])  # -1: never analysed
            if estimate > self.most:
                return estimate
        return rows.order_by()[: self.most + 1].count()

    @property
    def count_text(self) -> str:
        if self.count == self.most + 1:
            return _("more than %(n)s") % {"n": grouped(self.most)}
        count = grouped(self.count)
        return _("about %(n)s") % {"n": count} if self.count > self.most else count


class ScopedPaginator(LongListPaginator):
    """For a store's staff: theirs may be one row of hundreds, so they are not counted far."""

    most = 100


class Turn(NamedTuple):
    """A way to another page of a list."""

    text: str
    url: str


class LongChangeList(ChangeList):
    """A list in its own order, whatever its address asks for: another may be a full sort.

    An address names the row that a page begins after, or ends before, by the columns of the order.
    So the last page of a hundred million rows costs what the first costs, and rows that come in
    meanwhile move nothing.
    """

    turns: tuple[Turn, ...] = ()

    def get_queryset(self, request: HttpRequest, *given: Any, **named: Any) -> QuerySet[Any]:
        for name in (AFTER, BEFORE):  # no filters, and gone when a filter is chosen
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_queryset(request, *given, **named)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.get_ordering(request))

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.full_result_count = None
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions = True
        self.page_num = 1
        columns = self._key(request)
        backward = BEFORE in request.GET and AFTER not in request.GET
        typed = request.GET.get(BEFORE if backward else AFTER, "")
        edge = self._values(columns, typed) if typed else []
        rows, is_more = self._page(columns, edge, backward=backward)
        if edge and (not rows or (backward and not is_more)):
            # The first page, and whole: what it began before may have gone since, or come.
            edge, backward = [], False
            rows, is_more = self._page(columns, edge, backward=False)
        self.result_list = rows
        if not edge and not is_more:  # all of it
            self.paginator.count = len(rows)
        self.result_count = self.paginator.count
        has_earlier = is_more if backward else bool(edge)
        has_later = bool(edge) if backward else is_more
        self.turns = tuple(self._turns(columns, has_earlier=has_earlier, has_later=has_later))
        self.multi_page = bool(self.turns)

    def _key(self, request: HttpRequest) -> list[str]:
        """The columns of the order, without those that a filter holds to one value."""
        held = {
            lookup.removesuffix("__id__exact")
            for lookup in request.GET
            if lookup.endswith("__id__exact") and len(request.GET.getlist(lookup)) == 1
        }
        order = self.get_ordering(request, self.queryset)
        return [
            column for column in order if column.removeprefix("-").removesuffix("_id") not in held
        ]

    def _values(self, columns: list[str], typed: str) -> list[Any]:
        """What an address says of a row. Raises IncorrectLookupParameters."""
        said = typed.split(_BETWEEN)
        try:
            return [
                _field(self.model, column).to_python(text)
                for column, text in zip(columns, said, strict=True)
            ]
        except (ValidationError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error

    def _page(
        self, columns: list[str], edge: list[Any], *, backward: bool
    ) -> tuple[list[Any], bool]:
        """The rows of a page, and whether there are more on its far side."""
        rows = self.queryset.reverse() if backward else self.queryset
        if edge:
            rows = rows.filter(beyond(columns, edge, backward=backward))
        found = list(rows[: self.list_per_page + 1])
        page = found[: self.list_per_page]
        return page[::-1] if backward else page, len(found) > len(page)

    def _turns(self, columns: list[str], *, has_earlier: bool, has_later: bool) -> list[Turn]:
        rows = self.result_list
        turns = []
        if has_earlier:
            before = {BEFORE: _said(columns, rows[0])}
            turns += [
                Turn(_("First page"), self.get_query_string()),
                Turn(_("Previous page"), self.get_query_string(before)),
            ]
        if has_later:
            after = {AFTER: _said(columns, rows[len(rows) - 1])}
            turns += [
                Turn(_("Next page"), self.get_query_string(after)),
                Turn(_("Last page"), self.get_query_string({BEFORE: ""})),
            ]
        return turns


def beyond(columns: list[str], values: list[Any], *, backward: bool) -> Q:
    """Rows that come after the one with these values in an order, or before it.

    columns: as a query is ordered by, "-" before those that fall; together no two rows are alike.
    """
    rest = Q()
    for column, value in reversed(list(zip(columns, values, strict=True))):
        name = column.removeprefix("-")
        how = "lt" if column.startswith("-") != backward else "gt"
        past = Q(**{f"{name}__{how}": value})
        rest = past | (Q(**{name: value}) & rest) if rest else past
        # Said of the first column alone, too: an index on it begins there.
        bound = Q(**{f"{name}__{how}e": value})
    return bound & rest if len(columns) > 1 else rest


def _field(model: type[Model], column: str) -> Any:
    name = column.removeprefix("-")
    return model._meta.pk if name == "pk" else get_fields_from_path(model, name)[-1]


def _said(columns: list[str], row: Model) -> str:
    values = (reduce(getattr, column.removeprefix("-").split("__"), row) for column in columns)
    return _BETWEEN.join(str(value) for value in values)


class LongList(Page[M]):
    """A table with millions of rows: newest first, nothing else sorts, nothing is counted."""

    paginator = LongListPaginator
    ordering = ("-pk",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    # In the order of an index where a filter is on: a lookup of the list's address, and the order.
    filtered_ordering: ClassVar[dict[str, tuple[str, ...]]] = {}

    def get_ordering(self, request: HttpRequest) -> Any:
        for lookup, ordering in self.filtered_ordering.items():
            if lookup in request.GET:
                return ordering
        return super().get_ordering(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongChangeList

    def get_paginator(self, request: HttpRequest, *given: Any, **named: Any) -> Any:
        is_scoped = staff.stores_of(request.user) is not None
        return (ScopedPaginator if is_scoped else self.paginator)(*given, **named)
