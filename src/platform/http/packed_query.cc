#include "platform/http/packed_query.h"

#include "platform/http/deflate.h"
#include "platform/text/base64.h"

namespace latchkey::http {

// Without a checksum: what was changed on the way is no request, or another one.
std::string pack_query(std::string_view query) { return text::encode_base64url(deflated(query)); }

std::optional<std::string> unpack_query(std::string_view packed, std::size_t longest) {
  const auto bytes = text::decode_base64url(packed);
  if (!bytes) return std::nullopt;
  return inflated(*bytes, longest);
}

}  // namespace latchkey::http
