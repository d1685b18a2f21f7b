// What the init system is asked for: to watch relayd.toml and sites.d, and to start sendmail.
#pragma once

namespace tsmtp::sendmail {

/// Enables and starts it, or the contrary, where systemd runs and the unit is installed. Says what it does.
void watch_sites(bool on);

/// Starts sendmail now and at each boot: Debian 13 leaves it disabled when it is installed. Says what it
/// does.
void start_sendmail();

}  // namespace tsmtp::sendmail
