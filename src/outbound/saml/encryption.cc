#include "outbound/saml/encryption.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <xmlsec/buffer.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "outbound/saml/key_transport.h"
#include "outbound/saml/names.h"
#include "outbound/saml/xmlsec.h"
#include "platform/text/utf8.h"

namespace latchkey::outbound::saml {
namespace {

using xml::Node;

constexpr std::size_t kMostKeys = 5;  // a provider may encrypt for several recipients
constexpr const char* kFailed = "cannot be decrypted with the key of this server";

constexpr std::array<std::string_view, 6> kCiphers{
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",  "http://www.w3.org/2009/xmlenc11#aes192-gcm",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",  "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes192-cbc", "http://www.w3.org/2001/04/xmlenc#aes256-cbc"};

template <class List>
bool of_one(Node encrypted, const List& algorithms) {
  const Node method = xml::only(encrypted, space::kEncryption, "EncryptionMethod");
  const std::string algorithm =
      method == nullptr ? "" : xml::attribute(method, "Algorithm").value_or("");
  return std::ranges::find(algorithms, algorithm) != algorithms.end();
}

// What is encrypted stands in it, and is not to be fetched.
bool holds_it(Node encrypted) {
  const Node data = xml::only(encrypted, space::kEncryption, "CipherData");
  return data != nullptr && xml::elements_in(data).size() == 1 &&
         xml::only(data, space::kEncryption, "CipherValue") != nullptr;
}

// In the key information of the data, or beside it.
std::vector<Node> encrypted_keys(Node encrypted, Node data) {
  auto keys = xml::elements_in(encrypted, space::kEncryption, "EncryptedKey");
  if (const Node info = xml::only(data, space::kSignature, "KeyInfo")) {
    const auto inside = xml::elements_in(info, space::kEncryption, "EncryptedKey");
    keys.insert(keys.end(), inside.begin(), inside.end());
  }
  if (keys.size() > kMostKeys) keys.resize(kMostKeys);
  return keys;
}

// Empty: not with this key.
std::string decrypted(Node what, Xmlsec<xmlSecKey> key) {
  if (!key) return {};
  const Xmlsec<xmlSecEncCtx> context(xmlSecEncCtxCreate(nullptr));
  if (!context) throw std::bad_alloc();
  context->mode = xmlEncCtxModeEncryptedData;
  context->encKey = key.release();  // so KeyInfo is not even looked at
  context->transformCtx.enabledUris = xmlSecTransformUriTypeNone;
  xmlSecBuffer* const buffer =
      xmlSecEncCtxDecryptToBuffer(context.get(), const_cast<xmlNode*>(what));
  if (buffer == nullptr || xmlSecBufferGetData(buffer) == nullptr) return {};
  return {reinterpret_cast<const char*>(xmlSecBufferGetData(buffer)), xmlSecBufferGetSize(buffer)};
}

struct FreeNodes {
  void operator()(xmlNode* list) const { xmlFreeNodeList(list); }
};

bool is_blank(const xmlNode* node) {
  return node->type == XML_COMMENT_NODE || xmlIsBlankNode(node) == 1;
}

// The only element of a list, out of it; null: there is something else in it.
xmlNode* only_element(std::unique_ptr<xmlNode, FreeNodes> list) {
  xmlNode* found = nullptr;
  for (xmlNode* node = list.get(); node != nullptr; node = node->next) {
    if (is_blank(node)) continue;
    if (found != nullptr || node->type != XML_ELEMENT_NODE) return nullptr;
    found = node;
  }
  if (found == nullptr) return nullptr;
  xmlNode* const first = list.release();
  list.reset(first == found ? found->next : first);
  xmlUnlinkNode(found);
  return found;
}

// Read where it stands, for its namespaces may be declared around it.
xmlNode* read_in(xmlNode* parent, std::string_view text) {
  if (!text::valid_utf8(text) || text.contains('\0') || text.contains("<!DOCTYPE") ||
      text.size() > std::numeric_limits<int>::max()) {
    return nullptr;
  }
  xmlNode* list = nullptr;
  const xmlParserErrors error =
      xmlParseInNodeContext(parent, text.data(), static_cast<int>(text.size()),
                            XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                                XML_PARSE_NOWARNING | XML_PARSE_NOCDATA,
                            &list);
  std::unique_ptr<xmlNode, FreeNodes> owned(list);
  return error == XML_ERR_OK ? only_element(std::move(owned)) : nullptr;
}

void empty(xmlNode* element) {
  while (element->children != nullptr) {
    xmlNode* const child = element->children;
    xmlUnlinkNode(child);
    xmlFreeNode(child);
  }
}

}  // namespace

std::expected<Node, std::string> decrypt_in(Node encrypted, const Secret& private_key) {
  need_xmlsec();
  const Node data = xml::only(encrypted, space::kEncryption, "EncryptedData");
  if (data == nullptr || !holds_it(data)) return std::unexpected("holds nothing encrypted");
  if (!of_one(data, kCiphers)) {
    return std::unexpected("is encrypted with another algorithm than AES");
  }
  bool transported = false;
  for (const Node one : encrypted_keys(encrypted, data)) {
    const auto transport = key_transport(one);
    if (!transport || !holds_it(one)) continue;
    transported = true;
    const auto key = transported_key(one, private_key, *transport);
    if (!key) continue;
    const std::string text = decrypted(data, aes_key(*key));
    auto* const parent = const_cast<xmlNode*>(encrypted);
    xmlNode* const element = text.empty() ? nullptr : read_in(parent, text);
    if (element == nullptr) continue;
    empty(parent);
    xmlAddChild(parent, element);
    return element;
  }
  if (!transported) return std::unexpected("has a key that was not encrypted by RSA-OAEP");
  return std::unexpected(kFailed);
}

}  // namespace latchkey::outbound::saml
