#pragma once

#include <optional>

#include "domain/signin/identifier.h"
#include "platform/text/fields.h"

namespace latchkey::matrix {

// The `identifier` of a body (spec "Identifier types"), or the deprecated top-level `user`, or
// `medium` and `address`. Absent: none of them. Reports to `fields` what cannot be read.
std::optional<signin::Identifier> read_identifier(text::Fields& fields);

}  // namespace latchkey::matrix
