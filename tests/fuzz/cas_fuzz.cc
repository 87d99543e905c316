// What CAS servers, and whoever claims to be one, send: what is read of it is text within the
// limits, and of a document with a type nothing is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "outbound/cas/cas_xml.h"
#include "platform/text/utf8.h"

namespace {

constexpr std::size_t kLongestText = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_text(std::string_view text) {
  require(latchkey::text::valid_utf8(text) && !text.contains('\0') && text.size() <= kLongestText);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace cas = latchkey::outbound::cas;
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const auto answer = cas::read_answer(xml);
  const auto logout = cas::read_logout_request(xml);
  if (xml.contains("<!DOCTYPE")) require(!answer && !logout);
  if (logout) {
    require(!logout->session_index.empty() && !answer);
    require_text(logout->session_index);
  }
  if (!answer) return 0;
  if (const auto* success = std::get_if<cas::Success>(&*answer)) {
    require(!success->user.empty());
    require_text(success->user);
    for (const auto& [name, value] : success->attributes) {
      require(!name.empty());
      require_text(value);
    }
  }
  return 0;
}
