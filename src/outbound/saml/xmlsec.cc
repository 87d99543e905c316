#include "outbound/saml/xmlsec.h"

#include <libxml/parser.h>
#include <xmlsec/app.h>
#include <xmlsec/buffer.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/keysdata.h>
#include <xmlsec/xmlsec.h>

#include <stdexcept>

namespace latchkey::outbound::saml {
namespace {

void ignore(const char* /*file*/, int /*line*/, const char* /*func*/, const char* /*object*/,
            const char* /*subject*/, int /*reason*/, const char* /*message*/) {}

bool begin() {
  xmlInitParser();
  if (xmlSecInit() < 0 || xmlSecCryptoAppInit(nullptr) < 0 || xmlSecCryptoInit() < 0) {
    throw std::runtime_error("libxmlsec1 cannot be used");
  }
  xmlSecErrorsSetCallback(&ignore);
  // Nothing that a document names is opened, be it a file or an address.
  xmlSecIOCleanupCallbacks();
  return true;
}

Xmlsec<xmlSecKey> load(std::string_view bytes, xmlSecKeyDataFormat format) {
  need_xmlsec();
  return Xmlsec<xmlSecKey>(xmlSecCryptoAppKeyLoadMemory(
      reinterpret_cast<const xmlSecByte*>(bytes.data()), static_cast<xmlSecSize>(bytes.size()),
      format, nullptr, nullptr, nullptr));
}

}  // namespace

void need_xmlsec() {
  static const bool begun = begin();
  static_cast<void>(begun);
}

Xmlsec<xmlSecKey> private_key(const Secret& pem) {
  return load(pem.reveal(), xmlSecKeyDataFormatPem);
}

Xmlsec<xmlSecKey> key_of_certificate(std::string_view der) {
  return load(der, xmlSecKeyDataFormatCertDer);
}

Xmlsec<xmlSecKey> aes_key(std::string_view bytes) {
  need_xmlsec();
  return Xmlsec<xmlSecKey>(xmlSecKeyReadMemory(xmlSecKeyDataAesId,
                                               reinterpret_cast<const xmlSecByte*>(bytes.data()),
                                               static_cast<xmlSecSize>(bytes.size())));
}

}  // namespace latchkey::outbound::saml
