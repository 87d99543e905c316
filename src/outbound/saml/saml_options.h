#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/config/types.h"
#include "platform/time.h"

namespace latchkey::outbound {

// The options of a provider of the kind `saml`, beside those that every kind has.
struct SamlOptions {
  enum class Binding { redirect, post };
  enum class NameIdFormat { persistent, email, unspecified, transient };

  config::Path metadata_file;
  std::string metadata_url;
  config::Path metadata_certificate_file;
  std::string provider_entity_id;
  std::string entity_id;
  config::Secret key;
  config::Path certificate_file;
  Binding binding = Binding::redirect;
  NameIdFormat name_id_format = NameIdFormat::persistent;
  std::string subject_attribute;
  std::vector<std::string> authn_contexts;
  bool encryption_required = false;
  Duration clock_skew = std::chrono::seconds{60};
  Duration timeout = std::chrono::seconds{10};
  config::Path ca_file;

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("metadata_file", metadata_file,
          "The provider's metadata, a file, which is read again now and then. This or "
          "metadata_url.",
          config::Example{"idp.xml"});
    visit("metadata_url", metadata_url,
          "Where the provider's metadata are. They are read once an hour, and when a signature is "
          "of a key that is not in them.",
          config::Example{"https://idp.example.org/metadata"});
    visit("metadata_certificate_file", metadata_certificate_file,
          "A certificate (PEM): the metadata have to be signed with its key, as federations sign "
          "theirs.");
    visit("provider_entity_id", provider_entity_id,
          "The provider's entity ID. Only needed where the metadata describe several.",
          config::Example{"https://idp.example.org/metadata"});
    visit("entity_id", entity_id,
          "How the provider knows this server. If not given, it is the address of the metadata of "
          "this server: /account/providers/<id>/metadata.",
          config::Between{0, 1024});
    visit("key", key,
          "The private key (PEM, RSA) that this server signs with and is written to in secret. If "
          "not given, one is made and kept in the database.");
    visit("certificate_file", certificate_file, "The certificate (PEM) that goes with the key.");
    visit("binding", binding, "How browsers bring requests there: in the address, or as a form.",
          config::Choices<Binding>{{"redirect", Binding::redirect}, {"post", Binding::post}});
    visit("name_id_format", name_id_format,
          "Which name of a person is asked for. By persistent they are known for ever; email and "
          "unspecified only where the provider says that it never changes and is never given to "
          "somebody else; transient only with subject_attribute.",
          config::Choices<NameIdFormat>{{"persistent", NameIdFormat::persistent},
                                        {"email", NameIdFormat::email},
                                        {"unspecified", NameIdFormat::unspecified},
                                        {"transient", NameIdFormat::transient}});
    visit("subject_attribute", subject_attribute,
          "The attribute by which a person is known for ever, instead of the name (NameID): its "
          "name or its friendly name.",
          config::Example{"urn:oasis:names:tc:SAML:attribute:subject-id"});
    visit("authn_contexts", authn_contexts,
          "How people have to prove themselves there (AuthnContextClassRef): one of these, and "
          "that it was is checked.",
          config::Between{0, 20});
    visit("encryption_required", encryption_required,
          "Whether what the provider says of people has to be encrypted.");
    visit("clock_skew", clock_skew, "How much its clock may be off.", config::Between{0s, 10min});
    visit("timeout", timeout, "How long this server waits for its metadata.",
          config::Between{100ms, 1min});
    visit("ca_file", ca_file,
          "Certificates (PEM) by which metadata_url is known, instead of those of this machine.");
  }

  // Rules between these options, and what can be seen of their files.
  std::vector<std::string> problems() const;
  // As SAML has it.
  std::string_view name_format() const;
};

}  // namespace latchkey::outbound
