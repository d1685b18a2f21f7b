#include "mailertable/output/text_writer.h"

#include <sysexits.h>
#include <unistd.h>

#include <cerrno>

#include "mailertable/database/table_reader.h"
#include "mailertable/files/replacement.h"

namespace tsmtp::mailertable {

Outcome<void> replace_text(const std::string& path, std::string_view text, mode_t new_mode) {
  Replacement replacement{path};
  replacement.new_mode = new_mode;
  replacement.objection = [](std::string_view old) -> std::optional<std::string> {
    if (!looks_like_table(old)) return std::nullopt;
    return " is a built table, or no text at all, and is not replaced";
  };
  return replace_file(replacement, [&](const TemporaryFile& file) -> Outcome<void> {
    while (!text.empty()) {
      const ssize_t written = ::write(file.fd(), text.data(), text.size());
      if (written < 0 && errno != EINTR)
        return system_failure(EX_IOERR, "cannot write " + file.path(), errno);
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  });
}

}  // namespace tsmtp::mailertable
