"""The signatures of agents and tools: strings, classes and functions into pydantic models, and back into text."""

from agentcore._signature._describe import describe
from agentcore._signature._field import Field
from agentcore._signature._functions import input_model_of, parameters_of_type
from agentcore._signature._grammar import parse_signature
from agentcore._signature._models import SignatureSpec, signature_model
from agentcore._signature._validator import FieldsValidator, fields_validator

__all__ = [
    "Field",
    "FieldsValidator",
    "SignatureSpec",
    "describe",
    "fields_validator",
    "input_model_of",
    "parameters_of_type",
    "parse_signature",
    "signature_model",
]
