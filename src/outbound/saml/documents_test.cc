// Metadata, options, and messages in addresses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "outbound/saml/binding.h"
#include "outbound/saml/metadata.h"
#include "outbound/saml/names.h"
#include "outbound/saml/saml_options.h"
#include "outbound/saml/scripted_idp_testing.h"
#include "platform/crypto/random.h"
#include "platform/error_testing.h"
#include "platform/text/base64.h"

namespace latchkey::outbound::saml::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string several(const std::string& inside, const std::string& attributes = "") {
  return "<md:EntitiesDescriptor ID=\"_all\"" + attributes + " xmlns:md=\"" +
         std::string(space::kMetadata) + "\"><saml:Issuer xmlns:saml=\"" +
         std::string(space::kAssertion) + "\"/>" + inside + "</md:EntitiesDescriptor>";
}

TEST(SamlMetadata, SayWhereAndByWhichKeys) {
  const auto read = read_metadata(metadata(), "");
  ASSERT_TRUE(read) << error_of(read);
  EXPECT_EQ(read->entity_id, kIdp);
  EXPECT_THAT(read->keys, ElementsAre(idp_key().certificate));
  EXPECT_EQ(read->sign_on_by(binding::kPost)->location, "https://idp.example.org/sso/post");
  EXPECT_EQ(read->logout_by(binding::kRedirect)->location, "https://idp.example.org/slo?a=1&b");
  EXPECT_EQ(read->logout_by("urn:other"), nullptr);
  EXPECT_FALSE(read->valid_until);
  Described described;
  described.use = "";
  EXPECT_TRUE(read_metadata(metadata(described), kIdp));
  described.use = " use=\"encryption\"";
  EXPECT_THAT(error_of(read_metadata(metadata(described), "")), HasSubstr("no certificate"));
}

TEST(SamlMetadata, OfSeveralAreThoseThatAreMeant) {
  Described other;
  other.entity_id = "https://other.example/";
  other.key = &other_key();
  const std::string both = several(metadata(), "") + "";
  EXPECT_TRUE(read_metadata(both, ""));
  const std::string two = several(metadata() + several(metadata(other)));
  EXPECT_THAT(error_of(read_metadata(two, "")), HasSubstr("provider_entity_id"));
  EXPECT_THAT(read_metadata(two, "https://other.example/")->keys,
              ElementsAre(other_key().certificate));
  EXPECT_THAT(error_of(read_metadata(two, "https://third.example/")), HasSubstr("third.example"));
}

TEST(SamlMetadata, EndWhenTheFirstOfThemDoes) {
  Described described;
  described.attributes = " validUntil=\"2026-12-02T00:00:00Z\"";
  EXPECT_EQ(read_metadata(several(metadata(described)), "")->valid_until,
            kNow + std::chrono::hours{72});
  EXPECT_EQ(read_metadata(several(metadata(described), " validUntil=\"2026-12-01T00:00:00Z\""), "")
                ->valid_until,
            kNow + std::chrono::hours{48});
  described.attributes = " validUntil=\"some day\"";
  EXPECT_EQ(read_metadata(metadata(described), "")->valid_until, Time{});
}

TEST(SamlMetadata, ThatLackSomethingSayWhat) {
  Described described;
  described.sign_on = "<md:SingleSignOnService Binding=\"urn:x\" Location=\"https://x/\"/>";
  EXPECT_THAT(error_of(read_metadata(metadata(described), "")), HasSubstr("SingleSignOnService"));
  described = {};
  described.sign_on = changed(described.sign_on, "https://idp.example.org/sso\"", "javascript:1\"");
  EXPECT_THAT(read_metadata(metadata(described), "")->sign_on, SizeIs(1));
  described = {};
  described.entity_id = "";
  EXPECT_THAT(error_of(read_metadata(metadata(described), "")), HasSubstr("entityID"));
  EXPECT_THAT(error_of(read_metadata("<x/>", "")), HasSubstr("IDPSSODescriptor"));
  EXPECT_EQ(error_of(read_metadata("x", "")), "is not XML");
}

TEST(SamlMetadata, MayHaveToBeSigned) {
  const std::string plain = several(metadata());
  EXPECT_EQ(error_of(read_signed_metadata(plain, "", {other_key().certificate})), "is not signed");
  const std::string good = signed_message(plain, other_key());
  EXPECT_EQ(read_signed_metadata(good, "", {other_key().certificate}).value().entity_id, kIdp);
  EXPECT_THAT(error_of(read_signed_metadata(good, "", {idp_key().certificate})),
              HasSubstr("none of the provider's keys"));
  EXPECT_THAT(error_of(read_signed_metadata(changed(good, "/sso\"", "/oss\""), "",
                                            {other_key().certificate})),
              HasSubstr("none of the provider's keys"));
}

TEST(SamlBinding, TakesMessagesOfALimitedSize) {
  EXPECT_FALSE(read_post("%"));
  EXPECT_EQ(read_post("PHgv\r\n Pg=="), "<x/>");
  EXPECT_FALSE(read_post(text::encode_base64(std::string(400'000, ' '))));
  EXPECT_FALSE(read_redirect("PHgvPg=="));
  const auto address_of = [](const std::string& text) {
    const std::string url =
        redirect_url("", {.parameter = "M", .xml = text, .relay_state = {}}, own_key());
    return url.substr(3, url.find("&SigAlg") - 3);
  };
  // A small one that would be large.
  EXPECT_LT(address_of(std::string(8'000'000, 'a')).size(), 100'000U);
  const auto plain = [&](const std::string& text) {
    std::string encoded = address_of(text);
    for (const auto& [from, to] : {std::pair("%2B", "+"), {"%2F", "/"}, {"%3D", "="}}) {
      for (std::size_t at = 0; (at = encoded.find(from, at)) != encoded.npos;) {
        encoded.replace(at, 3, to);
      }
    }
    return encoded;
  };
  EXPECT_EQ(read_redirect(plain("<x/>")), "<x/>");
  EXPECT_FALSE(read_redirect(plain(std::string(8'000'000, 'a'))));
}

class SamlOptionsTest : public ::testing::Test {
 protected:
  SamlOptionsTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("latchkey-saml-" + crypto::random_text(crypto::kBase62, 16))) {
    std::filesystem::create_directory(folder_);
    options_.metadata_file.value = file("idp.xml", metadata());
  }
  ~SamlOptionsTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  static std::string pem(std::string_view der) {
    return "-----BEGIN CERTIFICATE-----\n" + text::encode_base64(der) +
           "\n-----END CERTIFICATE-----\n";
  }

  const std::filesystem::path folder_;
  SamlOptions options_;
};

TEST_F(SamlOptionsTest, NeedMetadataThatCanBeRead) {
  EXPECT_THAT(options_.problems(), IsEmpty());
  options_.metadata_url = "https://idp.example.org/metadata";
  EXPECT_THAT(options_.problems(), ElementsAre(StartsWith("metadata_file: either")));
  options_.metadata_file = {};
  EXPECT_THAT(options_.problems(), IsEmpty());
  options_.metadata_url = "http://127.0.0.1:8080/metadata";
  EXPECT_THAT(options_.problems(), IsEmpty());
  for (const char* const bad : {"http://idp.example.org/metadata", "idp.example.org", "ftp://x/"}) {
    options_.metadata_url = bad;
    EXPECT_THAT(options_.problems(), ElementsAre(StartsWith("metadata_url: "))) << bad;
  }
  // Whoever is in between cannot sign them.
  options_.metadata_url = "http://mdq.example.org/metadata";
  options_.metadata_certificate_file.value = file("federation.pem", pem(other_key().certificate));
  EXPECT_THAT(options_.problems(), IsEmpty());
  options_.metadata_certificate_file.value = file("bad.pem", "x");
  EXPECT_THAT(options_.problems(), ElementsAre(StartsWith("metadata_certificate_file: ")));
  options_ = {};
  options_.metadata_file.value = folder_ / "nobody.xml";
  EXPECT_THAT(options_.problems(), ElementsAre(HasSubstr("cannot be read")));
  options_.metadata_file.value = file("other.xml", "<x/>");
  EXPECT_THAT(options_.problems(), ElementsAre(HasSubstr("IDPSSODescriptor")));
}

TEST_F(SamlOptionsTest, HaveAKeyWithItsCertificateOrNone) {
  options_.key = Secret(own_key().private_key.reveal());
  EXPECT_THAT(options_.problems(), ElementsAre(StartsWith("certificate_file: ")));
  options_.certificate_file.value = file("own.pem", pem(own_key().certificate));
  EXPECT_THAT(options_.problems(), IsEmpty());
  options_.certificate_file.value = file("other.pem", pem(other_key().certificate));
  EXPECT_THAT(options_.problems(), ElementsAre("key: is not that of the certificate"));
  options_.key = {};
  EXPECT_THAT(options_.problems(), ElementsAre(StartsWith("key: ")));
}

TEST_F(SamlOptionsTest, WantCertificatesThatAreThere) {
  options_.ca_file.value = "/no/such/ca.pem";
  EXPECT_THAT(options_.problems(), ElementsAre(StartsWith("ca_file: ")));
}

TEST_F(SamlOptionsTest, WantAnAttributeWithTransientNames) {
  options_.name_id_format = SamlOptions::NameIdFormat::transient;
  EXPECT_THAT(options_.problems(), ElementsAre(HasSubstr("subject_attribute")));
  options_.subject_attribute = "uid";
  EXPECT_THAT(options_.problems(), IsEmpty());
}

}  // namespace
}  // namespace latchkey::outbound::saml::testing
