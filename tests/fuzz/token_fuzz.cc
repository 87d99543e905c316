// Tokens: what reads as one comes back as the same text, and none that this program did not make
// itself passes the check.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "domain/sessions/token.h"
#include "platform/text/base62.h"

namespace {

using namespace latchkey::sessions;
using latchkey::SessionId;
using latchkey::keys::KeyRing;
using latchkey::keys::ServerKey;

void require(bool holds) {
  if (!holds) std::abort();
}

// Key 5 is that of the vectors in docs/formats/token.md; 7 was lost.
TokenCodec make_codec() {
  ServerKey fifth{.id = 5, .secret = {}, .created_at = {}};
  std::iota(fifth.secret.begin(), fifth.secret.end(), std::uint8_t{0});
  return TokenCodec(
      std::make_shared<const KeyRing>(std::vector{fifth}, std::vector<std::uint8_t>{7}));
}

constexpr Nonce kNonce{0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
                       0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static TokenCodec codec = make_codec();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto token = read_token(text);
  if (!token) {
    require(token.error() == TokenFault::foreign || token.error() == TokenFault::malformed);
    return 0;
  }
  require(text.size() == 47 && token->session >= SessionId{} && token->generation >= 0 &&
          token->generation <= kLastGeneration);
  std::string again(text.substr(0, 4));
  again.resize(47);
  latchkey::text::encode_base62_256(token->bytes, std::span<char, 43>(again.data() + 4, 43));
  require(again == text);

  const auto check = codec.check(*token);
  require((check == TokenCodec::Check::key_lost) == (token->key == 7));
  require((check == TokenCodec::Check::unknown_key) == (token->key != 7 && token->key != 5));
  // The corpus holds authentic tokens, so a mutation may come back to one.
  if (check == TokenCodec::Check::authentic) {
    require(codec.mint(token->kind, token->session, token->generation, kNonce) == text);
    require(codec.fits(*token, kNonce));
  }
  return 0;
}
