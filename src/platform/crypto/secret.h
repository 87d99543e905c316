#pragma once

#include "platform/secret.h"

namespace latchkey::crypto {

using latchkey::Secret;

}  // namespace latchkey::crypto
