#include "outbound/provider_calls/calls.h"

#include <algorithm>

#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace latchkey::outbound {
namespace {

using Kind = http_client::Failure::Kind;
using Why = providers::Failure::Why;

constexpr std::size_t kQuoted = 200;  // bytes

std::string_view reason_of(Kind kind) {
  switch (kind) {
    case Kind::timed_out:
      return "timed_out";
    case Kind::not_trusted:
      return "not_trusted";
    case Kind::stopped:
      return "stopped";
    default:
      return "not_reached";
  }
}

}  // namespace

providers::Failure failure(Why why, std::string_view reason, std::string sentence) {
  return {.why = why, .reason = reason, .sentence = std::move(sentence)};
}

std::string cited(std::string_view said) {
  if (!text::valid_utf8(said)) return "";
  std::string line = text::shown(text::truncate_utf8(said, kQuoted));
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

Answered Calls::send(http_client::Request request, std::string_view whom,
                     const CallLimits& limits) const {
  request.most_bytes = kMost + 1;
  request.kept = true;
  request.ca_file = ca_file_;
  request.deadline = std::min(limits.deadline, std::chrono::steady_clock::now() + timeout_);
  request.stop = limits.stop;
  auto answer = http_client::send(request);
  const std::string subject(whom);
  if (!answer) {
    return std::unexpected(failure(Why::unavailable, reason_of(answer.error().kind),
                                   subject + " does not answer: " + answer.error().sentence));
  }
  if (answer->body.size() > kMost) {
    return std::unexpected(
        failure(Why::not_believed, "too_large", subject + " answers more than 512 KiB"));
  }
  const std::string said = subject + " answered " + std::to_string(answer->status);
  if (answer->status == 429 || answer->status >= 500) {
    return std::unexpected(failure(Why::unavailable, "provider_error", said));
  }
  if (answer->status >= 300 && answer->status < 400) {
    return std::unexpected(
        failure(Why::misconfigured, "redirected", said + ", and no redirect is followed"));
  }
  return std::move(*answer);
}

}  // namespace latchkey::outbound
