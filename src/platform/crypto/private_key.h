#pragma once

#include <memory>

#include "platform/secret.h"

struct evp_pkey_st;

namespace latchkey::crypto {

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using PrivateKey = std::unique_ptr<evp_pkey_st, FreeKey>;

// OpenSSL's object of a key in PEM; null: there is none, or it wants a passphrase.
PrivateKey private_key_in(const Secret& pem);

}  // namespace latchkey::crypto
