"""What is written. Pure: tested without a component."""


def line(full_name: str, title: str, text: str) -> str:
    """One line, whatever is in the texts."""
    return " ".join(f"to {full_name}: {title}. {text}".split())
