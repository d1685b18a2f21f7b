// The name under which a process is listed, looked for and killed.
#pragma once

namespace tsmtp::net {

/// Calls this process `name`, of at most 15 bytes, in ps(1) and for killall(1) and pgrep(1). Must be called
/// while there is one thread.
void rename_process(const char* name);

}  // namespace tsmtp::net
