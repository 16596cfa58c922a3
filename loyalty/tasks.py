"""What django-q runs of the models. Arguments are plain strings; every task may run twice."""

from datetime import date

from django.utils import timezone

from loyalty import learning


def learn(as_of: str = "") -> str:
    """Learn every kind of model anew from the days before `as_of` (ISO), or before today."""
    kept = learning.learn(date.fromisoformat(as_of) if as_of else timezone.localdate())
    told = [f"{model}{'' if model.in_use else ' (kept aside)'}" for model in kept]
    return f"learned: {', '.join(told) or 'nothing, there is too little to go by'}"
