"""Which coupons go on which units of a receipt, in whole cents: the best that can be found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

MOST_TRIES = 2_000  # for coupons that contend for the same items; few baskets need ten
MOST_CONTENDERS = 24  # more coupons than this on the same items are served in turn
MOST_BUNDLES = 100  # choices of units looked at for one multi-buy
MOST_CHOICE = 12  # units more than it needs that a multi-buy chooses from


@dataclass(slots=True, eq=False)
class Unit:
    """A unit of a line, in cents. `room`: what may still be taken off; `taken`: groups, as bits."""

    number: int
    line: int
    price: int
    room: int
    taken: int = 0
    is_rest: bool = False  # what is left of a long line: only a threshold looks at it

    @property
    def state(self) -> tuple[int, int, int, int]:
        """Units of which this is the same are as good as each other."""
        return self.line, self.price, self.room, self.taken


@dataclass(frozen=True, slots=True)
class Way:
    """One way to use a coupon: the units it is on and the cents off each."""

    saving: int
    offs: tuple[tuple[Unit, int], ...]


@dataclass(slots=True)
class Want:
    """A coupon with the units it covers, its terms in cents."""

    key: str
    kind: str  # as `Offer.Kind`
    units: list[Unit]
    group: int  # a bit
    face: int
    percent: int
    price: int | None
    needed: int  # units
    reduced: int  # units
    threshold: int
    taken: int | None  # what the till took off already
    alone: int = 0  # the most it takes off if no other coupon is there
    is_like_last: bool = False  # but for its key, as the one before

    def ways(self) -> list[Way]:
        """The ways in which it takes something off as things are, the best first."""
        free = [unit for unit in self.units if not unit.taken & self.group]
        found: Iterable[Way]
        if self.kind == "threshold":
            found = self._over_all(free)
        elif self.kind == "multi_buy":
            found = self._bundles(free)
        else:
            found = self._singles(free)
        return sorted((way for way in found if way.saving > 0), key=lambda way: -way.saving)

    def _singles(self, free: list[Unit]) -> Iterator[Way]:
        seen = set()
        for unit in free:
            if unit.is_rest or unit.state in seen:
                continue
            seen.add(unit.state)
            off = min(self._off_unit(unit.price), self.face, unit.room)
            yield Way(off, ((unit, off),))

    def _off_unit(self, cost: int) -> int:
        match self.kind:
            case "percent":
                return _percent(cost, self.percent)
            case "fixed_price":
                return max(cost - (self.price or 0), 0)
            case "free_item":
                return cost
        return self.face

    def _bundles(self, free: list[Unit]) -> Iterator[Way]:
        alike: dict[tuple[int, int, int, int], list[Unit]] = {}
        units = [unit for unit in free if not unit.is_rest]
        units.sort(key=lambda unit: (not unit.room, -unit.price))
        wanted = self.needed
        for unit in units[: wanted + MOST_CHOICE]:
            alike.setdefault(unit.state, []).append(unit)
        bundles = _choices(list(alike.values()), wanted)
        return (self._bundle(bundle) for bundle in islice(bundles, MOST_BUNDLES))

    def _bundle(self, bundle: list[Unit]) -> Way:
        if self.price is not None:
            most = [unit.room for unit in bundle]
            weights = [unit.price for unit in bundle]
            off = min(sum(weights) - self.price, self.face)
        else:
            by_price = sorted(bundle, key=lambda unit: unit.price)
            reduced = {unit.number for unit in by_price[: self.reduced]}
            weights = most = [
                min(_percent(unit.price, self.percent), unit.room) if unit.number in reduced else 0
                for unit in bundle
            ]
            off = self.face
        offs = spread(off, weights, most)
        return Way(sum(offs), tuple(zip(bundle, offs, strict=True)))

    def _over_all(self, free: list[Unit]) -> Iterator[Way]:
        if sum(unit.price for unit in free) < self.threshold:
            return
        lines: dict[int, list[Unit]] = {}
        for unit in free:
            lines.setdefault(unit.line, []).append(unit)
        by_line = spread(
            self.face,
            [sum(unit.price for unit in units) for units in lines.values()],
            [sum(unit.room for unit in units) for units in lines.values()],
        )
        offs: list[tuple[Unit, int]] = []
        for units, off in zip(lines.values(), by_line, strict=True):
            room = [unit.room for unit in units]
            offs += zip(units, spread(off, [u.price for u in units], room), strict=True)
        yield Way(sum(by_line), tuple(offs))


def spread(total: int, weights: Sequence[int], most: Sequence[int]) -> list[int]:
    """Divide `total` cents in proportion to `weights`, to each at most its `most`.

    The largest remainders get the odd cents, of equal ones the first. What a full one cannot
    take goes to the others by the same rule; what nobody can take is left out.
    """
    shares = [0] * len(weights)
    left = max(min(total, sum(most)), 0)
    while left:
        open_ = [n for n, share in enumerate(shares) if share < most[n]]
        weight = sum(weights[n] for n in open_)
        if not weight:  # only what weighs nothing is left
            weights = [1] * len(weights)
            continue
        given = {n: left * weights[n] // weight for n in open_}
        odd = left - sum(given.values())
        for n in sorted(open_, key=lambda n: -(left * weights[n] % weight))[:odd]:
            given[n] += 1
        for n, cents in given.items():
            taken = min(cents, most[n] - shares[n])
            shares[n] += taken
            left -= taken
    return shares


def _percent(cost: int, percent: int) -> int:
    """Half up, in whole cents."""
    return (2 * cost * percent + 100) // 200


def _choices(alike: list[list[Unit]], wanted: int) -> Iterator[list[Unit]]:
    """Choices of `wanted` units; of units as good as each other always the first ones.

    Every choice there is, or of very many the first units alone.
    """
    if wanted == 0:
        yield []
        return
    if sum(map(len, alike)) < wanted:
        return
    if len(alike) > 2 * MOST_CHOICE:
        yield [unit for units in alike for unit in units][:wanted]
        return
    first, *others = alike
    for count in range(min(wanted, len(first)), -1, -1):
        for more in _choices(others, wanted - count):
            yield [*first[:count], *more]


def best(wants: list[Want]) -> list[Way | None]:
    """The way chosen for each coupon, None for those left unused."""
    search = _Search(wants)
    search.in_turn()
    if len(wants) <= MOST_CONTENDERS:
        search.descend(0)
    return search.best


@dataclass(slots=True)
class _Search:
    """Depth first through every use of every coupon, cutting off what cannot become better.

    Outcomes are compared by how many claims are right about what the till took, then by the
    whole saving; the first of equals is kept.
    """

    wants: list[Want]
    best: list[Way | None] = field(default_factory=list)
    best_score: tuple[int, int] = (0, -1)
    way: list[Way | None] = field(default_factory=list)
    score: tuple[int, int] = (0, 0)
    hope: list[tuple[int, int]] = field(default_factory=list)  # from each coupon on, at best
    tries: int = 0

    def __post_init__(self) -> None:
        self.way = [None] * len(self.wants)
        self.hope = [(0, 0)]
        for want in reversed(self.wants):
            right, saving = self.hope[-1]
            self.hope.append((right + _is_right(want, want.alone), saving + want.alone))
        self.hope.reverse()

    def in_turn(self) -> None:
        """Give each coupon the best that those before it left: often nothing can be better."""
        for turn, want in enumerate(self.wants):
            ways = want.ways()
            if ways:
                self._use(turn, ways[0])
        self._keep()
        for turn, way in enumerate(self.way):
            if way is not None:
                self._undo(turn, way)

    def descend(self, turn: int) -> None:
        self.tries += 1
        if self.score > self.best_score:
            self._keep()
        if turn == len(self.wants) or self.tries > MOST_TRIES or self._is_hopeless(turn):
            return
        want = self.wants[turn]
        last = self.way[turn - 1] if turn and want.is_like_last else None
        if not want.is_like_last or last is not None:  # of like coupons, the first are used
            for way in want.ways():
                if last is None or _is_after(way, last):
                    self._use(turn, way)
                    self.descend(turn + 1)
                    self._undo(turn, way)
        self.descend(turn + 1)

    def _is_hopeless(self, turn: int) -> bool:
        right, saving = self.hope[turn]
        return (self.score[0] + right, self.score[1] + saving) <= self.best_score

    def _keep(self) -> None:
        self.best_score = self.score
        self.best = list(self.way)

    def _use(self, turn: int, way: Way) -> None:
        want = self.wants[turn]
        for unit, off in way.offs:
            unit.room -= off
            unit.taken |= want.group
        self.way[turn] = way
        right = _is_right(want, way.saving)
        self.score = (self.score[0] + right, self.score[1] + way.saving)

    def _undo(self, turn: int, way: Way) -> None:
        want = self.wants[turn]
        for unit, off in way.offs:
            unit.room += off
            unit.taken &= ~want.group
        self.way[turn] = None
        right = _is_right(want, way.saving)
        self.score = (self.score[0] - right, self.score[1] - way.saving)


def _is_right(want: Want, saving: int) -> bool:
    return want.taken is not None and want.taken <= saving


def _is_after(way: Way, last: Way) -> bool:
    """Like coupons take like units in order: the same outcome is not tried twice."""
    return _first(way) > _first(last)


def _first(way: Way) -> int:
    return min(unit.number for unit, _ in way.offs)
