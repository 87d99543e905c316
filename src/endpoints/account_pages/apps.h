#pragma once

#include "endpoints/pages/personal.h"
#include "platform/html/values.h"

namespace latchkey::account_pages {

// The list of account_apps.html: apps that know who the person is, and have no device.
Task<void> put_apps(html::Values& values, const pages::Visit& visit);

void mount_apps(request::Routes& routes, const pages::AccountPages& pages);

}  // namespace latchkey::account_pages
