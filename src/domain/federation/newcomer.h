#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "domain/providers/provider_set.h"

// What a provider's person would be here.
namespace latchkey::federation {

struct Newcomer {
  std::string subject;
  std::string localpart;     // valid here; empty: they choose one
  std::string display_name;  // may be empty
  std::string email;         // verified, in the form in which it is kept; empty: none
  std::string session;       // providers::ProviderSession::name
  Secret hint = {};          // its hint, where it is kept
  std::string once = {};     // providers::Person::once; of no use to who is asked something
  std::optional<bool> administrator = {};  // absent: the provider does not say
};

Newcomer newcomer_of(const providers::Provider& provider, const providers::Person& person,
                     std::string_view server_name);

// As a way keeps them while they are asked something.
boost::json::object json_of(const Newcomer& newcomer);
// Absent: nobody is in it.
std::optional<Newcomer> newcomer_in(const boost::json::object& kept);

}  // namespace latchkey::federation
