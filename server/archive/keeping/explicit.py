class NotConvertible(Exception):
    pass


def to_explicit(d):
    raise NotConvertible
