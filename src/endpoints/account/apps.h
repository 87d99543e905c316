#pragma once

#include "endpoints/account/personal.h"
#include "platform/html/values.h"

namespace latchkey::account {

// The list of account_apps.html: apps that know who the person is, and have no device.
Task<void> put_apps(html::Values& values, const Visit& visit);

void mount_apps(http::Router& router, const AccountPages& pages);

}  // namespace latchkey::account
