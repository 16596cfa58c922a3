"""How dates are written at the desk, where Django would write them otherwise: by language."""
