#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "platform/telemetry/log.h"
#include "platform/time.h"

// Log lines as text, pure. Not for users of platform/telemetry.
namespace latchkey::telemetry {

std::string_view name_of(Level level);

// {"time":"2026-01-31T22:59:59.500Z","level":"info","msg":"session ended","session":"01ABC"}
std::string json_line(Time time, Level level, std::string_view message,
                      std::initializer_list<Field> fields);

// 2026-01-31T22:59:59.500Z info    session ended session=01ABC client="Element Web"
std::string text_line(Time time, Level level, std::string_view message,
                      std::initializer_list<Field> fields);

}  // namespace latchkey::telemetry
