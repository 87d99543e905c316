#pragma once

#include <xmlsec/keys.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlenc.h>

#include <memory>
#include <string>
#include <string_view>

#include "platform/secret.h"

// libxmlsec1's objects, and its state, which is there once for all threads. Its complaints go
// nowhere: they repeat what strangers have sent.
namespace latchkey::outbound::saml {

struct FreeXmlsec {
  void operator()(xmlSecKey* key) const { xmlSecKeyDestroy(key); }
  void operator()(xmlSecDSigCtx* context) const { xmlSecDSigCtxDestroy(context); }
  void operator()(xmlSecEncCtx* context) const { xmlSecEncCtxDestroy(context); }
};
template <class T>
using Xmlsec = std::unique_ptr<T, FreeXmlsec>;

// Once, before anything else of it; any number of calls from any thread.
void need_xmlsec();

// Null: there is no such key in it.
Xmlsec<xmlSecKey> private_key(const Secret& pem);
Xmlsec<xmlSecKey> key_of_certificate(std::string_view der);
Xmlsec<xmlSecKey> aes_key(std::string_view bytes);

inline const xmlChar* xml_text(const char* text) { return reinterpret_cast<const xmlChar*>(text); }

}  // namespace latchkey::outbound::saml
