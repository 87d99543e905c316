#pragma once

// cjose's objects with owners. For platform/jose alone.

#include <cjose/cjose.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "platform/jose/key.h"

namespace latchkey::jose {

struct Release {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
struct ReleaseHeader {
  void operator()(cjose_header_t* header) const { cjose_header_release(header); }
};

using JwkHandle = std::unique_ptr<cjose_jwk_t, Release>;
using JwsHandle = std::unique_ptr<cjose_jws_t, Release>;
using HeaderHandle = std::unique_ptr<cjose_header_t, ReleaseHeader>;

struct Key::Impl {
  JwkHandle jwk;  // of RSA and the curves of ECDSA
  Algorithm algorithm = Algorithm::rs256;
  std::string id;
  bool can_sign = false;
  std::array<std::uint8_t, 32> ed25519 = {};
  Secret secret = {};  // of HS256
};

}  // namespace latchkey::jose
