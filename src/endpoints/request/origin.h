#pragma once

#include <cstddef>
#include <string_view>

#include "domain/sessions/sessions.h"
#include "platform/http/message.h"

// What every surface reads of a request and says in an answer.
namespace latchkey::request {

// The token of a well-formed Authorization header, without a copy; empty when there is none. For
// the fast path, which a token in the query does not take.
std::string_view header_token(const http::Request& request);

sessions::Use use_of(const http::Request& request);
sessions::Origin origin_of(const http::Request& request);

// The slots of TokenCache::Entry::rendered that surfaces have claimed.
enum Slot : std::size_t { kWhoami, kIntrospection, kSlotCount };
static_assert(kSlotCount <= sessions::TokenCache::Entry::kSlots);

// Retry-After in whole seconds, rounded up.
void put_retry_after(http::Response& response, Duration wait);

}  // namespace latchkey::request
