"""The base of every model that crosses a boundary as JSON: camelCase outside, snake_case inside."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A value of a row or of Temporal. Unknown fields are ignored, so that web apps may add their own."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        serialize_by_alias=True,
        frozen=True,
        allow_inf_nan=False,
    )
