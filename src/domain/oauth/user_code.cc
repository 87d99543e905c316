#include "domain/oauth/user_code.h"

#include "platform/crypto/random.h"

namespace latchkey::oauth {
namespace {

constexpr std::string_view kAlphabet = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kGroup = 4;

}  // namespace

std::string new_user_code() {
  std::string code = crypto::random_text(kAlphabet, 2 * kGroup);
  code.insert(kGroup, "-");
  return code;
}

std::optional<std::string> read_user_code(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!kAlphabet.contains(c)) continue;
    if (code.size() > 2 * kGroup) return std::nullopt;
    if (code.size() == kGroup) code.push_back('-');
    code.push_back(c);
  }
  return code.size() == 2 * kGroup + 1 ? std::optional(std::move(code)) : std::nullopt;
}

}  // namespace latchkey::oauth
