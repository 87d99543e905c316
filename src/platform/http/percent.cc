#include "platform/http/percent.h"

#include <boost/url/encode.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "platform/text/utf8.h"

namespace latchkey::http {

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  const auto encoded = boost::urls::make_pct_string_view({text.data(), text.size()});
  if (!encoded) return std::nullopt;
  boost::urls::encoding_opts options;
  options.space_as_plus = plus == Plus::space;
  std::string decoded = encoded->decode(options);
  if (decoded.contains('\0') || !text::valid_utf8(decoded)) return std::nullopt;
  return decoded;
}

std::string percent_encode(std::string_view text) {
  return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

}  // namespace latchkey::http
