#include "relayd/base/idna.h"

#include <idn2.h>

#include <memory>

#include "relayd/base/bytes.h"
#include "relayd/base/utf8.h"

namespace tsmtp::base {

Result<std::string> ascii_domain(std::string_view name) {
  if (!has_eighth_bit(name)) return Result<std::string>(boost::system::in_place_value, name);
  char* ascii = nullptr;
  const int status =
      idn2_to_ascii_8z(std::string(name).c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, void (*)(void*)> owned(ascii, idn2_free);
  if (status != IDN2_OK)
    return Error{"\"" + escaped(name) + "\" is not a domain name: " + idn2_strerror(status)};
  return Result<std::string>(boost::system::in_place_value, owned.get());
}

}  // namespace tsmtp::base
