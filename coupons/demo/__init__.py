"""The demo: a real grocery chain's year, taken in through the same doors as anybody's."""
