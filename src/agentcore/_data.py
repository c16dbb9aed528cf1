"""The decorator behind every value type here: slotted, keyword-only, frozen where it is checked."""

from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from attrs import frozen as data
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema
else:
    from functools import partial

    from attrs import define

    def data(cls: type | None = None, **options: Any) -> Any:
        if cls is None:
            return partial(data, **options)
        if "__get_pydantic_core_schema__" not in vars(cls):
            cls.__get_pydantic_core_schema__ = classmethod(_core_schema)
        # Freezing at run time makes each construction three times as dear (attrs then goes through
        # object.__setattr__ for every field), and a run makes dozens of these.  Type checkers see the frozen class.
        return define(cls, unsafe_hash=True, **options)


__all__ = ["data"]


def _core_schema(cls: type, _source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
    """Tell pydantic, which knows nothing of attrs, how to read and write the class.

    Fields that are not there get their defaults, and unknown ones are ignored: what an older or a newer version wrote
    can be read.
    """
    from attrs import NOTHING, fields
    from pydantic_core import core_schema

    hints = get_type_hints(cls)
    names = [each.name for each in fields(cls)]
    members = {
        each.name: core_schema.typed_dict_field(
            handler.generate_schema(hints[each.name]), required=each.default is NOTHING
        )
        for each in fields(cls)
    }
    mapping = core_schema.typed_dict_schema(members, extra_behavior="ignore")
    return core_schema.union_schema(
        [
            core_schema.is_instance_schema(cls),
            core_schema.no_info_after_validator_function(lambda found: cls(**found), mapping),
        ],
        mode="left_to_right",
        serialization=core_schema.plain_serializer_function_ser_schema(
            lambda value: {name: getattr(value, name) for name in names}, return_schema=mapping
        ),
    )
