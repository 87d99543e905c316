#include "outbound/saml/signature.h"

#include <libxml/tree.h>
#include <xmlsec/buffer.h>
#include <xmlsec/transforms.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <stdexcept>

#include "outbound/saml/names.h"
#include "outbound/saml/xmlsec.h"
#include "platform/text/base64.h"

namespace latchkey::outbound::saml {
namespace {

using crypto::SignatureHash;
using xml::Node;
using Family = crypto::PublicKeyKind::Family;

constexpr int kLeastRsaBits = 2048;
constexpr std::size_t kMostKeys = 20;
constexpr std::size_t kMostSigned = std::size_t{1} << 20;
constexpr std::size_t kLongestId = 256;

struct SignatureMethod {
  std::string_view name;
  Family family;
  SignatureHash hash;
};
// RFC 4051, without SHA-1.
constexpr std::array<SignatureMethod, 6> kMethods{{
    {kRsaSha256, Family::rsa, SignatureHash::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", Family::rsa, SignatureHash::sha384},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", Family::rsa, SignatureHash::sha512},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", Family::elliptic,
     SignatureHash::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", Family::elliptic,
     SignatureHash::sha384},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", Family::elliptic,
     SignatureHash::sha512},
}};
constexpr std::array<std::string_view, 3> kDigests{kSha256,
                                                   "http://www.w3.org/2001/04/xmldsig-more#sha384",
                                                   "http://www.w3.org/2001/04/xmlenc#sha512"};
// Without comments: SAML Core section 5.4.3 wants the exclusive one, and the other is met too.
constexpr std::array<std::string_view, 2> kCanonical{
    kExclusive, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"};

std::string algorithm_of(Node element) {
  return element == nullptr ? std::string() : xml::attribute(element, "Algorithm").value_or("");
}

template <class List>
bool among(const List& list, std::string_view what) {
  return std::ranges::find(list, what) != list.end();
}

const SignatureMethod* method_of(std::string_view name) {
  const auto found = std::ranges::find(kMethods, name, &SignatureMethod::name);
  return found == kMethods.end() ? nullptr : &*found;
}

bool is_id(std::string_view id) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !id.empty() && id.size() <= kLongestId && std::ranges::all_of(id, fits);
}

// A name in another case is still the same to some readers.
bool names_an_id(const xmlAttr* attribute) {
  return xmlStrcasecmp(attribute->name, xml_text("id")) == 0;
}

// SAML Core section 5.4.4: enveloped, then canonical, and nothing else.
bool plain_transforms(Node reference) {
  const Node list = xml::only(reference, space::kSignature, "Transforms");
  if (list == nullptr) return false;
  const auto transforms = xml::elements_in(list);
  if (transforms.empty() || transforms.size() > 2) return false;
  if (!std::ranges::all_of(transforms,
                           [](Node one) { return xml::is(one, space::kSignature, "Transform"); })) {
    return false;
  }
  if (algorithm_of(transforms[0]) != kEnveloped) return false;
  return transforms.size() == 1 || among(kCanonical, algorithm_of(transforms[1]));
}

// Absent: it is a signature as it has to be, of the element itself.
std::optional<std::string_view> fault_of(Node signature, const std::string& id) {
  const Node info = xml::only(signature, space::kSignature, "SignedInfo");
  if (info == nullptr || xml::only(signature, space::kSignature, "SignatureValue") == nullptr ||
      !xml::elements_in(signature, space::kSignature, "Object").empty()) {
    return fault::kForm;
  }
  const auto parts = xml::elements_in(info);
  const Node reference = xml::only(info, space::kSignature, "Reference");
  if (parts.size() != 3 || reference == nullptr || !is_id(id) ||
      xml::attribute(reference, "URI") != "#" + id || !plain_transforms(reference)) {
    return fault::kForm;
  }
  if (!among(kCanonical,
             algorithm_of(xml::only(info, space::kSignature, "CanonicalizationMethod")))) {
    return fault::kForm;
  }
  if (method_of(algorithm_of(xml::only(info, space::kSignature, "SignatureMethod"))) == nullptr ||
      !among(kDigests, algorithm_of(xml::only(reference, space::kSignature, "DigestMethod")))) {
    return fault::kWeak;
  }
  return std::nullopt;
}

// For a while, so that the reference finds the element and nothing else by its ID.
class KnownId {
 public:
  KnownId(xmlDoc* document, xmlNode* element) : document_(document) {
    attribute_ = xmlHasNsProp(element, xml_text("ID"), nullptr);
    if (attribute_ == nullptr || attribute_->children == nullptr) return;
    known_ = xmlAddID(nullptr, document, attribute_->children->content, attribute_) != nullptr;
  }
  ~KnownId() {
    if (known_) xmlRemoveID(document_, attribute_);
  }
  KnownId(const KnownId&) = delete;
  KnownId& operator=(const KnownId&) = delete;

  bool known() const { return known_; }

 private:
  xmlDoc* document_;
  xmlAttr* attribute_ = nullptr;
  bool known_ = false;
};

std::string bytes_of(xmlSecBuffer* buffer) {
  if (buffer == nullptr || xmlSecBufferGetData(buffer) == nullptr) return {};
  return {reinterpret_cast<const char*>(xmlSecBufferGetData(buffer)), xmlSecBufferGetSize(buffer)};
}

// The bytes that the key has signed; empty: it has not.
std::string signed_by(xmlNode* signature, std::string_view certificate) {
  auto key = key_of_certificate(certificate);
  const Xmlsec<xmlSecDSigCtx> context(xmlSecDSigCtxCreate(nullptr));
  if (!key || !context) return {};
  context->signKey = key.release();  // so KeyInfo is not even looked at
  context->flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  if (xmlSecDSigCtxVerify(context.get(), signature) < 0 ||
      context->status != xmlSecDSigStatusSucceeded ||
      xmlSecPtrListGetSize(&context->signedInfoReferences) != 1) {
    return {};
  }
  auto* const reference =
      static_cast<xmlSecDSigReferenceCtx*>(xmlSecPtrListGetItem(&context->signedInfoReferences, 0));
  if (reference == nullptr || reference->status != xmlSecDSigStatusSucceeded) return {};
  return bytes_of(xmlSecDSigReferenceCtxGetPreDigestBuffer(reference));
}

xmlNode* add(xmlNode* parent, const char* name, std::string_view algorithm = {}) {
  xmlNode* const made = xmlNewChild(parent, parent->ns, xml_text(name), nullptr);
  if (made == nullptr) throw std::bad_alloc();
  if (!algorithm.empty()) {
    xmlNewProp(made, xml_text("Algorithm"), xml_text(std::string(algorithm).c_str()));
  }
  return made;
}

// What libxmlsec1 fills in.
xmlNode* signature_template(xmlDoc* document, const std::string& id,
                            const std::string& certificate) {
  xmlNode* const signature = xmlNewDocNode(document, nullptr, xml_text("Signature"), nullptr);
  if (signature == nullptr) throw std::bad_alloc();
  xmlSetNs(signature,
           xmlNewNs(signature, xml_text(std::string(space::kSignature).c_str()), xml_text("ds")));
  xmlNode* const info = add(signature, "SignedInfo");
  add(info, "CanonicalizationMethod", kExclusive);
  add(info, "SignatureMethod", kRsaSha256);
  xmlNode* const reference = add(info, "Reference");
  xmlNewProp(reference, xml_text("URI"), xml_text(("#" + id).c_str()));
  xmlNode* const transforms = add(reference, "Transforms");
  add(transforms, "Transform", kEnveloped);
  add(transforms, "Transform", kExclusive);
  add(reference, "DigestMethod", kSha256);
  add(reference, "DigestValue");
  add(signature, "SignatureValue");
  xmlNode* const data = add(add(signature, "KeyInfo"), "X509Data");
  xmlNodeAddContent(add(data, "X509Certificate"),
                    xml_text(text::encode_base64(certificate).c_str()));
  return signature;
}

}  // namespace

std::string_view sentence_of_fault(std::string_view fault) {
  if (fault == fault::kUnsigned) return "is not signed";
  if (fault == fault::kForm) return "has a signature that is not of it alone and as a whole";
  if (fault == fault::kWeak) return "is signed with an algorithm that is refused, such as SHA-1";
  return "has a signature that is of none of the provider's keys";
}

bool usable_key(std::string_view certificate) {
  const auto kind = crypto::key_in_certificate(certificate);
  return kind && (kind->family == Family::elliptic ||
                  (kind->family == Family::rsa && kind->bits >= kLeastRsaBits));
}

bool has_signature(Node element) {
  return !xml::elements_in(element, space::kSignature, "Signature").empty();
}

std::expected<xml::Document, std::string_view> read_signed(Node element, const Keys& keys) {
  const auto signatures = xml::elements_in(element, space::kSignature, "Signature");
  if (signatures.empty()) return std::unexpected(fault::kUnsigned);
  const std::string id = xml::attribute(element, "ID").value_or("");
  if (signatures.size() > 1) return std::unexpected(fault::kForm);
  if (const auto fault = fault_of(signatures[0], id)) return std::unexpected(*fault);
  need_xmlsec();
  auto* const node = const_cast<xmlNode*>(element);
  auto* const signature = const_cast<xmlNode*>(signatures[0]);
  const KnownId known(node->doc, node);
  if (!known.known()) return std::unexpected(fault::kForm);
  for (std::size_t i = 0; i < std::min(keys.size(), kMostKeys); ++i) {
    const std::string bytes = signed_by(signature, keys[i]);
    if (bytes.empty()) continue;
    auto document = xml::read(bytes, kMostSigned);
    if (!document ||
        !xml::is(document->root(), xml::namespace_of(element), xml::name_of(element)) ||
        xml::attribute(document->root(), "ID") != id) {
      return std::unexpected(fault::kForm);
    }
    return std::move(*document);
  }
  return std::unexpected(fault::kWrong);
}

bool ids_are_unique(const xml::Document& document) {
  std::set<std::string_view> seen;
  for (const Node element : xml::all_below(document.root())) {
    for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) {
      if (!names_an_id(one) || one->children == nullptr) continue;
      const auto* const value = reinterpret_cast<const char*>(one->children->content);
      if (value == nullptr || one->children->next != nullptr) return false;
      if (!seen.insert(value).second) return false;
    }
  }
  return true;
}

std::string signed_message(const std::string& message, const crypto::KeyPair& key) {
  need_xmlsec();
  auto document = xml::read(message, kMostSigned);
  if (!document) throw std::logic_error("a message of ours " + document.error());
  xmlDoc* const doc = document->get();
  xmlNode* const root = xmlDocGetRootElement(doc);
  const auto parts = xml::elements_in(root);
  const std::string id = xml::attribute(root, "ID").value_or("");
  xmlNode* const signature = signature_template(doc, id, key.certificate);
  xmlAddNextSibling(const_cast<xmlNode*>(parts.at(0)), signature);
  const KnownId known(doc, root);
  const Xmlsec<xmlSecDSigCtx> context(xmlSecDSigCtxCreate(nullptr));
  if (!context) throw std::bad_alloc();
  context->signKey = private_key(key.private_key).release();
  if (!known.known() || xmlSecDSigCtxSign(context.get(), signature) < 0 ||
      context->status != xmlSecDSigStatusSucceeded) {
    throw std::runtime_error("libxmlsec1: a message was not signed");
  }
  xmlChar* text = nullptr;
  int size = 0;
  xmlDocDumpMemoryEnc(doc, &text, &size, "UTF-8");
  if (text == nullptr) throw std::bad_alloc();
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  xmlFree(text);
  return out;
}

bool known_method(std::string_view algorithm) { return method_of(algorithm) != nullptr; }

bool query_verifies(std::string_view algorithm, std::string_view message,
                    std::string_view signature, const Keys& keys) {
  const SignatureMethod* const method = method_of(algorithm);
  if (method == nullptr) return false;
  return std::ranges::any_of(keys, [&](const std::string& key) {
    return crypto::verifies(key, method->family, method->hash, message, signature);
  });
}

}  // namespace latchkey::outbound::saml
