#pragma once

#include <string_view>

#include "domain/administration/moderation.h"
#include "domain/federation/federation.h"
#include "domain/registration/registration.h"
#include "domain/self/proof.h"
#include "domain/signin/callers.h"
#include "domain/signin/password_check.h"
#include "endpoints/request/standard_error.h"
#include "platform/http/message.h"

// Every error of the Client-Server API, as its status and body.
namespace latchkey::matrix {

using request::error;
using request::limit_exceeded;
using request::refusal;

// Of what the configuration lets nobody change of their own account.
http::Response switched_off();
http::Response refusal(const signin::LoginRefused& refused, std::string_view info_uri);
// Of a directory's person who has no account here yet, in a client, which can ask them nothing.
// `pages`: the address of the account pages.
http::Response refusal(const federation::Refused& refused, std::string_view pages);
http::Response refusal(const self::Refused& refused, std::string_view info_uri);
http::Response refusal(const registration::RegistrationRefused& refused);
http::Response refusal(const accounts::NewPasswordRefused& refused);
http::Response refusal(const signin::CallerRefused& refused);
http::Response refusal(administration::ModerationRefused refused);

}  // namespace latchkey::matrix
