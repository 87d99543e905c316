#include "outbound/saml/saml_options.h"

#include <algorithm>

#include "outbound/provider_calls/address.h"
#include "outbound/provider_calls/ca_file.h"
#include "outbound/saml/files.h"
#include "outbound/saml/metadata.h"
#include "outbound/saml/names.h"
#include "platform/crypto/certificate.h"

namespace latchkey::outbound {
namespace {

void check_metadata(const SamlOptions& of, std::vector<std::string>& problems) {
  if (of.metadata_file.empty() == of.metadata_url.empty()) {
    problems.emplace_back("metadata_file: either this or metadata_url must be given");
    return;
  }
  if (!of.metadata_url.empty()) {
    if (!is_address(of.metadata_url, Query::may)) {
      problems.push_back("metadata_url: '" + of.metadata_url +
                         "' is not an address, try 'https://idp.example.org/metadata'");
    } else if (of.metadata_url.starts_with("http:") && of.metadata_certificate_file.empty() &&
               !is_loopback(of.metadata_url)) {
      // Whoever is in between could say who everybody is.
      problems.emplace_back(
          "metadata_url: must begin with https, or metadata_certificate_file must be given");
    }
    return;
  }
  const auto xml = saml::read_file(of.metadata_file.value, saml::kMostMetadata);
  if (!xml) {
    problems.push_back("metadata_file: '" + of.metadata_file.value + "' " + xml.error());
    return;
  }
  const auto metadata = saml::read_metadata(*xml, of.provider_entity_id);
  if (!metadata) {
    problems.push_back("metadata_file: '" + of.metadata_file.value + "' " + metadata.error());
  }
}

void check_own_key(const SamlOptions& of, std::vector<std::string>& problems) {
  if (of.key.empty() && of.certificate_file.empty()) return;
  if (of.key.empty()) {
    problems.emplace_back("key: the certificate's private key must be given");
    return;
  }
  if (of.certificate_file.empty()) {
    problems.emplace_back("certificate_file: the key's certificate must be given");
    return;
  }
  const auto pem = saml::read_file(of.certificate_file.value, saml::kMostCertificate);
  if (!pem) {
    problems.push_back("certificate_file: '" + of.certificate_file.value + "' " + pem.error());
    return;
  }
  const auto pair = crypto::read_key_pair(of.key, *pem);
  if (!pair) problems.push_back("key: " + pair.error());
}

}  // namespace

std::vector<std::string> SamlOptions::problems() const {
  std::vector<std::string> problems;
  check_metadata(*this, problems);
  check_own_key(*this, problems);
  if (!metadata_certificate_file.empty()) {
    const auto pem = saml::read_file(metadata_certificate_file.value, saml::kMostCertificate);
    if (!pem || !crypto::certificate_in_pem(*pem)) {
      problems.push_back("metadata_certificate_file: '" + metadata_certificate_file.value + "' " +
                         (pem ? "is no certificate (PEM)" : pem.error()));
    }
  }
  if (auto wrong = problem_of_ca_file(ca_file.value)) problems.push_back(*std::move(wrong));
  if (name_id_format == NameIdFormat::transient && subject_attribute.empty()) {
    problems.emplace_back(
        "name_id_format: a transient name is another one each time; with it subject_attribute must "
        "be given");
  }
  if (std::ranges::any_of(authn_contexts, &std::string::empty)) {
    problems.emplace_back("authn_contexts: one of them is empty");
  }
  return problems;
}

std::string_view SamlOptions::name_format() const {
  switch (name_id_format) {
    case NameIdFormat::email:
      return saml::name_format::kEmail;
    case NameIdFormat::unspecified:
      return saml::name_format::kUnspecified;
    case NameIdFormat::transient:
      return saml::name_format::kTransient;
    case NameIdFormat::persistent:
      break;
  }
  return saml::name_format::kPersistent;
}

}  // namespace latchkey::outbound
