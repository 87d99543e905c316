// Authorization fields, one for each line of the input: a token that is found is one token68
// of the only field; no field is both Bearer and Basic.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "platform/http/authorization.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using latchkey::http::AuthorizationError;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<latchkey::http::Header> headers;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    headers.push_back({"Authorization", text.substr(0, end)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto bearer = latchkey::http::bearer_token(headers);
  const auto basic = latchkey::http::basic_credentials(headers);
  const bool repeated = headers.size() > 1;
  require(repeated == (!bearer && bearer.error() == AuthorizationError::repeated));
  require(repeated == (!basic && basic.error() == AuthorizationError::repeated));
  if (repeated) return 0;
  const bool has_token = bearer && *bearer;
  const bool has_client = basic && *basic;
  require(!(has_token && has_client));
  if (headers.empty()) require(bearer && !*bearer && basic && !*basic);
  if (has_token) {
    const std::string_view token = **bearer;
    require(!token.empty() && headers.front().value.ends_with(token));
    require(token.find_first_of(" \t,;:\"\r") == token.npos);
  }
  return 0;
}
