// Forms and query strings: what parses is UTF-8 without NUL, within the limit, and comes back
// the same when it is encoded and parsed again.
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "platform/http/form.h"
#include "platform/text/utf8.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string encode(const latchkey::http::Form& form) {
  std::string text;
  for (const auto& [name, value] : form.fields()) {
    text += boost::urls::encode(name, boost::urls::unreserved_chars) + '=' +
            boost::urls::encode(value, boost::urls::unreserved_chars) + '&';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using latchkey::http::Form;
  constexpr std::size_t kLimit = 20;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto form = Form::parse(text, kLimit);
  if (!form) return 0;
  require(form->fields().size() <= kLimit);
  for (const auto& [name, value] : form->fields()) {
    require(latchkey::text::valid_utf8(name) && !name.contains('\0'));
    require(latchkey::text::valid_utf8(value) && !value.contains('\0'));
    const auto only = form->only(name);
    require(!only || *only);
  }
  const auto again = Form::parse(encode(*form), kLimit);
  require(again && again->fields().size() == form->fields().size());
  for (std::size_t i = 0; i < form->fields().size(); ++i) {
    require(again->fields()[i].name == form->fields()[i].name);
    require(again->fields()[i].value == form->fields()[i].value);
  }
  return 0;
}
