#pragma once

#include <array>
#include <string_view>
#include <utility>

// What the secrets begin with that this server hands out to clients: by it they are told apart
// from those of others, and found where they should not be. Cookies, links and what people type in
// have none. All are here, and nowhere else (tools/check_layers.py): what is minted is taken from
// the list, and an application service's token may begin with none of them.
namespace latchkey {

enum class TokenPrefix {
  access,
  refresh,
  login,
  personal,  // to come
  authorization_code,
  device_code,
  homeserver,  // this server's own, at the homeserver
};

inline constexpr std::array<std::string_view, 7> kTokenPrefixes{"lka_", "lkr_", "lkl_", "lkp_",
                                                                "lkc_", "lkd_", "lkh_"};

// One that is not in the list does not compile.
consteval std::string_view text_of(TokenPrefix prefix) {
  return kTokenPrefixes.at(static_cast<std::size_t>(std::to_underlying(prefix)));
}

}  // namespace latchkey
