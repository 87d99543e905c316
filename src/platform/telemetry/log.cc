#include "platform/telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <mutex>
#include <utility>

#include "platform/telemetry/line.h"
#include "platform/time.h"

namespace latchkey::telemetry {
namespace {

// Hands each line to a function.
class CallingSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallingSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

bool for_people(LogFormat format, bool terminal) {
  return format == LogFormat::text || (format == LogFormat::automatic && terminal);
}

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

struct Log::Impl {
  Impl(spdlog::sink_ptr sink, bool people) : logger("latchkey", std::move(sink)), text(people) {
    logger.set_level(spdlog::level::trace);  // Log has asked for the level already
    // Lines arrive finished; a terminal shows those that matter in colour.
    logger.set_pattern(text ? "%^%v%$" : "%v");
  }

  spdlog::logger logger;
  bool text;
  SystemClock clock;
};

Log::Log(const LogOptions& options) : level_(std::make_shared<std::atomic<Level>>(options.level)) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  for (const auto level : {spdlog::level::debug, spdlog::level::info}) {
    sink->set_color(level, sink->reset);
  }
  impl_ = std::make_shared<Impl>(std::move(sink),
                                 for_people(options.format, isatty(STDERR_FILENO) == 1));
}

Log::Log(const LogOptions& options, std::function<void(std::string_view line)> write)
    : level_(std::make_shared<std::atomic<Level>>(options.level)),
      impl_(std::make_shared<Impl>(std::make_shared<CallingSink>(std::move(write)),
                                   for_people(options.format, false))) {}

void Log::write(Level level, std::string_view message, std::initializer_list<Field> fields) const {
  const Time now = impl_->clock.now();
  const std::string line =
      impl_->text ? text_line(now, level, message, fields) : json_line(now, level, message, fields);
  impl_->logger.log(level_of(level), spdlog::string_view_t(line));
}

}  // namespace latchkey::telemetry
