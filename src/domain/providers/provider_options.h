#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/providers/arrival.h"
#include "domain/providers/claims_template.h"
#include "domain/providers/provider.h"
#include "domain/providers/sign_out_there.h"
#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/time.h"

namespace latchkey::providers {

// How the sessions end that a provider has begun, when it says that its person has signed out.
enum class LogoutEnds : std::uint8_t { softly, for_good, nothing };

// What an entry of `sign_in.providers` says whatever its kind.
struct ProviderOptions {
  std::string id;
  Kind kind = Kind::oidc;
  std::string name;
  std::string icon;
  std::string brand;
  bool registration = false;
  OnConflict on_conflict = OnConflict::ask_password;
  std::string localpart;
  std::string display_name;
  std::string email;
  bool email_verified = false;
  bool update_profile = false;
  std::string admin_claim;
  std::vector<std::string> admin_values;
  LogoutEnds logout = LogoutEnds::softly;
  Limit session_lifetime;
  SignOutThere sign_out_there = SignOutThere::offer;
  // Of a directory:
  std::string password_url;
  Limit sweep;
  std::size_t sweep_at_most = 10;

  template <class Visitor>
  void common_options(Visitor& visit) {
    visit("id", id,
          "Its name in addresses, in the database and in GET /login: letters, digits, "
          "'-' and '_'. Never to be changed, for the links of its people belong to it.",
          config::required, config::Example{"corp"}, config::Between{1, 64});
    visit(
        "kind", kind, "Which protocol it speaks.", config::required, config::chooses,
        config::Choices<Kind>{
            {"oidc", Kind::oidc}, {"cas", Kind::cas}, {"saml", Kind::saml}, {"ldap", Kind::ldap}});
    visit("name", name, "What people know it by.", config::required, config::Example{"Corp"},
          config::Between{1, 100});
    visit("icon", icon, "Its picture in clients, an mxc:// URI.",
          config::Example{"mxc://example.com/abc"});
    visit(
        "brand", brand,
        "By which clients know how to draw it: apple, facebook, github, gitlab, google or twitter "
        "(spec \"m.login.sso flow schema\"), or another.",
        config::Between{0, 64}, config::Example{"github"});
    visit("registration", registration, "Whether its people may make accounts here.");
    visit("on_conflict", on_conflict,
          "What happens when somebody comes for the first time whose name or verified address a "
          "local account has: it is refused, or they give that account's password once, or they "
          "are believed to be the same. The last only for a provider that lets nobody choose a "
          "name: else whoever calls themselves so there has the account here.",
          config::Choices<OnConflict>{{"refuse", OnConflict::refuse},
                                      {"ask_password", OnConflict::ask_password},
                                      {"link", OnConflict::link}});
    visit("localpart", localpart,
          "The user name of a newcomer, a template: {{ claims.preferred_username | lower }}. "
          "Without it, or where nothing valid comes of it, they choose one.",
          config::Example{"\"{{ claims.preferred_username | lower }}\""});
    visit("display_name", display_name, "The display name of a newcomer, a template.",
          config::Example{"\"{{ claims.name }}\""});
    visit("email", email, "The e-mail address of a newcomer, a template.",
          config::Example{"\"{{ claims.email }}\""});
    visit("email_verified", email_verified,
          "Whether its addresses are all verified. If not, those count of which the claim "
          "email_verified says so.");
    visit(
        "update_profile", update_profile,
        "Take the display name and the verified address over again at each sign-in, not only from "
        "a newcomer. An address that its person has taken away stays away until it is another.");
    visit("admin_claim", admin_claim,
          "The claim by which somebody is an administrator here, or is none any more, from each "
          "sign-in on: groups, realm_access.roles. If not given, the provider changes nothing of "
          "that.",
          config::Between{0, 255}, config::Example{"groups"});
    visit("admin_values", admin_values,
          "What that claim has to be, or to have among its values: one of these.",
          config::Between{0, 64}, config::Example{"[\"matrix-admins\"]"});
    visit("logout", logout,
          "What becomes of the sessions that were begun there when it says that the person has "
          "signed out: they end softly (people keep their keys), or for good, or nothing.",
          config::Choices<LogoutEnds>{{"soft", LogoutEnds::softly},
                                      {"hard", LogoutEnds::for_good},
                                      {"none", LogoutEnds::nothing}});
    visit(
        "session_lifetime", session_lifetime,
        "How long after somebody came from there the browser stays signed in, and the apps that it "
        "has let in; they end softly, within an hour. It may never say that they have signed out.",
        config::Between{std::chrono::minutes{1}, std::chrono::hours{24 * 3650}});
    visit("sign_out_there", sign_out_there,
          "Whether who signs out of the account pages here is signed out there too, which may sign "
          "them out of all that they use with it: never, or it is offered, or always.",
          config::Choices<SignOutThere>{{"never", SignOutThere::never},
                                        {"offer", SignOutThere::offer},
                                        {"always", SignOutThere::always}});
  }
  // What directories have besides, whatever their protocol.
  template <class Visitor>
  void directory_options(Visitor& visit) {
    visit("password_url", password_url,
          "Where its people change their password: they are sent there by whoever asks here for a "
          "new one.",
          config::Between{0, 1024}, config::Example{"https://password.example.org/"});
    visit(
        "sweep", sweep,
        "How often its people are looked up who have accounts here: who is gone or disabled there "
        "is locked here, and unlocked when they are back.",
        config::Between{std::chrono::minutes{1}, std::chrono::hours{24 * 30}});
    visit("sweep_at_most", sweep_at_most,
          "How many of a hundred accounts may be locked so at once; where it would be more, none "
          "is, for the configuration may be wrong.",
          config::Between{1, 100});
  }
  // Rules between them; each sentence begins with an option's name.
  std::vector<std::string> common_problems() const;
};

// Whether the provider says that the person is an administrator here; absent: it does not say, for
// the configuration names nothing by which it would.
std::optional<bool> says_administrator(const ProviderOptions& options, const Person& person);

// The templates of a provider, read.
struct Templates {
  ClaimsTemplate localpart;
  ClaimsTemplate display_name;
  ClaimsTemplate email;
};
// Of options without problems.
Templates templates_of(const ProviderOptions& options);

}  // namespace latchkey::providers
