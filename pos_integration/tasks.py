"""What django-q runs. Arguments are plain ids; every task may run twice."""

from pos_integration import dropping, ingest


def load(upload_id: int) -> str:
    upload = ingest.load(upload_id)
    return (
        f"{upload.terminal}: {upload.get_state_display().lower()}; {upload.accepted} baskets "
        f"accepted, {upload.duplicates} came before, {upload.rejected} rejected"
    )


def load_waiting() -> str:
    counts = ingest.load_waiting()
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing waited"


def replay(upload_id: int) -> str:
    try:
        again = ingest.replay(upload_id)
    except dropping.GoneError as gone:
        return str(gone)
    return f"{again}: {again.accepted} more baskets accepted, {again.rejected} still rejected"
