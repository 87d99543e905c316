#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "platform/config/attributes.h"

namespace latchkey::telemetry {

enum class Level { debug, info, warning, error, off };
enum class LogFormat {
  automatic,  // text when stderr is a terminal, else json
  text,       // lines for people
  json,       // one JSON object for each line
};

// Options of the group `log`.
struct LogOptions {
  Level level = Level::info;
  LogFormat format = LogFormat::automatic;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("level", level, "The least that is logged.",
          config::Choices<Level>{{"debug", Level::debug},
                                 {"info", Level::info},
                                 {"warning", Level::warning},
                                 {"error", Level::error},
                                 {"off", Level::off}});
    visit(
        "format", format,
        "Lines for people (text) or for machines (json); auto asks whether stderr is a "
        "terminal.",
        config::Choices<LogFormat>{
            {"auto", LogFormat::automatic}, {"text", LogFormat::text}, {"json", LogFormat::json}});
  }
};

// A named value of a log line. Views need only live until the call returns. Never a secret, a
// token or a password.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view field, std::string_view text) : name(field), value(text) {}
  Field(std::string_view field, const char* text) : name(field), value(std::string_view(text)) {}
  Field(std::string_view field, const std::string& text)
      : name(field), value(std::string_view(text)) {}
  Field(std::string_view field, bool flag) : name(field), value(flag) {}
  Field(std::string_view field, double number) : name(field), value(number) {}
  template <std::signed_integral T>
  Field(std::string_view field, T number) : name(field), value(std::int64_t{number}) {}
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view field, T number) : name(field), value(std::uint64_t{number}) {}

  std::string_view name;
  Value value;
};

// The log: handed to everything that writes to it, cheap to copy, for all threads. A line that is
// below the level costs a branch.
//
//   log.info("session ended", {{"session", id}, {"request", request.id}});
//
// Control characters, line breaks and bad UTF-8 in values are escaped: no value forges a line.
class Log {
 public:
  // To stderr.
  explicit Log(const LogOptions& options);
  // For tests: each line, without its line break, to `write`, which is called by one thread at
  // a time. `automatic` means json.
  Log(const LogOptions& options, std::function<void(std::string_view line)> write);

  bool enabled(Level level) const { return level >= level_->load(std::memory_order_relaxed); }
  // For this log and all its copies, from now on.
  void set_level(Level level) const { level_->store(level, std::memory_order_relaxed); }

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const {
    if (enabled(Level::debug)) write(Level::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const {
    if (enabled(Level::info)) write(Level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) const {
    if (enabled(Level::warning)) write(Level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const {
    if (enabled(Level::error)) write(Level::error, message, fields);
  }

 private:
  struct Impl;
  void write(Level level, std::string_view message, std::initializer_list<Field> fields) const;

  std::shared_ptr<std::atomic<Level>> level_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace latchkey::telemetry
