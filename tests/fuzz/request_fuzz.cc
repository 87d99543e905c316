// The bytes of a connection: however they are cut into pieces, the parser sees the same
// requests, and they keep to the limits.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "platform/http/parser.h"

namespace {

using latchkey::http::BufferPool;
using latchkey::http::InputBuffer;
using latchkey::http::Limits;
using latchkey::http::RequestParser;

constexpr std::size_t kBuffer = RequestParser::kMinBuffer;

void require(bool holds) {
  if (!holds) std::abort();
}

Limits small_limits() {
  Limits limits;
  limits.max_body = 100;
  limits.max_headers = 1024;
  limits.max_header_count = 8;
  return limits;
}

// All that the parser says of the bytes when they come in pieces of `piece`.
std::string transcript(std::string_view bytes, std::size_t piece) {
  using Progress = RequestParser::Progress;
  static const Limits limits = small_limits();
  RequestParser parser(limits);
  BufferPool pool;
  InputBuffer input(pool, kBuffer);
  std::string said;
  while (true) {
    const Progress progress = parser.advance(input);
    if (progress == Progress::need_more) {
      if (bytes.empty()) return said + (parser.begun() ? "unfinished" : "rest");
      const auto space = input.space();
      require(!space.empty());
      const auto size = std::min({space.size(), bytes.size(), piece});
      bytes.copy(space.data(), size);
      input.commit(size);
      bytes.remove_prefix(size);
      continue;
    }
    if (progress != Progress::complete) {
      return said + "refused " + std::to_string(static_cast<int>(progress));
    }
    const auto& request = parser.request();
    require(request.body.size() <= limits.max_body);
    require(request.headers.size() <= limits.max_header_count);
    require(!request.path.empty());
    said += std::to_string(static_cast<int>(request.method)) + std::string(request.target) + ' ';
    for (const auto& [name, value] : request.headers) {
      require(name.find_first_of(" \t\r\n:") == name.npos && !name.empty());
      require(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos);
      said += std::string(name) + ':' + std::string(value) + ' ';
    }
    said += std::string(request.body) + (parser.keep_alive() ? "|" : "!");
    parser.reset();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = transcript(bytes, kBuffer);
  require(whole == transcript(bytes, 1));
  require(whole == transcript(bytes, 7));
  return 0;
}
