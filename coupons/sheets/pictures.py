"""stub"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    icon: str
    line: str
    tint: str


PICTURES = {
    "coffee": Picture("coffee", "#7a4a2b", "#f6ede7"),
    "milk": Picture("milk", "#2469b3", "#e8f1fb"),
    "bread": Picture("bread", "#b8722a", "#fbf1e2"),
    "fish": Picture("fish", "#c2503a", "#fdeae6"),
    "apple": Picture("apple", "#3f8f2f", "#ebf5e6"),
    "wash": Picture("wash", "#2f7f8f", "#e4f2f4"),
    "cheese": Picture("cheese", "#c99a10", "#fdf5d9"),
    "salad": Picture("salad", "#5a8f35", "#eef6e6"),
}
