"""The section `[routing]`: which models simple prompts go to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from trioproxy.settings.kinds import MODEL_NAME, Expected, Flag, ModelName, Section


def _routed_by_the_table(name: ModelName) -> ModelName:
    if name.startswith("claude-"):
        raise ValueError("Claude's models are routed by routing.cheap and routing.mid")
    return name


RoutedName = Annotated[
    ModelName, AfterValidator(_routed_by_the_table), Expected("the name of a model, none of Claude's")
]


class RouteSettings(Section):
    """What stands in for one model; None: that tier is not routed. One of the two is given."""

    cheap: Annotated[ModelName | None, MODEL_NAME] = Field(default=None, description="for the simplest prompts")
    mid: Annotated[ModelName | None, MODEL_NAME] = Field(default=None, description="for prompts in between")


class RoutingSettings(Section):
    """Whether simple prompts go to cheaper models, and to which."""

    enabled: Flag = Field(default=False, description="whether a model may be replaced at all")
    cheap: ModelName = Field(default="claude-haiku-4-5", description="for the simplest prompts to Claude")
    mid: ModelName = Field(default="claude-sonnet-4-6", description="for prompts in between, from Claude's top models")
    prompt_caching: Flag = Field(default=False, description="ask for prompt caching where the client has not")
    table: Annotated[Mapping[RoutedName, RouteSettings], AfterValidator(MappingProxyType)] = Field(
        default_factory=lambda: MappingProxyType({}), description="for models that are not Claude's, by their name"
    )
