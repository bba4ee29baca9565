#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A management controller that speaks Redfish (DSP0266) over TLS, for labs: one system (or two) with power, boot override,
sessions and ETags. As it is it keeps to the specification, and any client may use it. Each --quirk makes it as peculiar as
controllers are known to be; each --fault breaks it.

    redfish_sim.py --dir DIR --port 0 --user admin --password-file FILE [--quirk NAME]... [--fault NAME[=VALUE]]...
                   [--log FILE] [--switch PROG] [--power on|off]

On standard output: "ready PORT FINGERPRINT" once it listens. --log has each request as a line of JSON: method, path, body,
If-Match, how it was authorised, and the answer's status. PROG is called as `PROG set power on|off|reset` and
`PROG set boot pxe|uefi-http|none`. SIGUSR1 gives it another certificate, SIGTERM ends it.
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import secrets
import signal
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

QUIRKS = {
    # conditional requests
    "if-match": "PATCH without If-Match: 428",
    "weak-etag": "its ETag is weak, and refused in If-Match (412) unless the W/ is left out",
    "gzip-etag": "its ETag has a -gzip that it does not know itself: 412 unless If-Match is left out",
    "no-if-match": "any If-Match: 412",
    # where the override is
    "settings": "the override is set in the settings object only; the system refuses it (400)",
    "settings-silent": "the same, but the system says 200 and does nothing",
    # BootSourceOverrideMode
    "mode-required": "an override without Mode reverts at once",
    "mode-absent": "there is no Mode, and one that is sent is refused (400)",
    "mode-read-only": "a Mode that is sent is refused (400)",
    "mode-ignored": "a Mode that is sent is not taken, and 200 says so in a message",
    "mode-job": "a Mode that is sent makes a job (202), and the override waits for a second boot",
    "legacy": "Mode is Legacy at the start",
    "only-off": "the override is refused (400) while the machine is on, as of one that always is in POST",
    # targets
    "no-http-uri": "there is no HttpBootUri, and one that is sent is refused (400)",
    "no-uefi-http": "UefiHttp is not among the targets, and refused",
    "no-pxe": "no network among the targets",
    "no-targets": "the targets are not listed",
    # Once
    "once-ignored": "204, but the override stays Disabled",
    "once-continuous": "Once becomes Continuous",
    "once-late": "the override shows after two seconds",
    # sessions
    "session-only": "Basic is refused, and not offered",
    "few-sessions": "two sessions at most, the third is refused (503)",
    "root-auth": "the service root takes credentials too",
    # reset
    "no-force-restart": "ForceRestart is missing",
    "no-graceful-restart": "GracefulRestart and GracefulShutdown are missing",
    "no-restart": "no restart of any kind, only On and ForceOff",
    "restart-refused": "ForceRestart is in the list, and refused (400)",
    "action-info": "reset types are in an ActionInfo only",
    "no-reset-types": "reset types are not listed",
    "no-reset": "there is no reset",
    "stuck-on": "204, but it stays on",
    "slow-power": "a change of power shows after three seconds",
    "no-power-state": "PowerState is null",
    "turning-off": "it turns off for three seconds after it was looked at first: what it is told meanwhile is taken, and not done",
    "turned-off": "it turns itself off just before the first reset, which is refused (400)",
    # busy
    "busy": "two of three requests are answered 503, Retry-After: 1",
    "conflict": "two of three PATCHes and POSTs are answered 409",
    "throttled": "two of three requests are answered 429",
    # what is not to be followed or taken
    "slash": "/redfish/v1/ is redirected to /redfish/v1",
    "slash-system": "the system is redirected to its path with a slash at the end, whatever is asked of it",
    "redirect-abroad": "Systems is redirected to another host",
    "link-abroad": "Systems' link leads to another host",
    "huge": "the system's answer has 2 MiB",
    "deep": "the system's answer is nested 100 deep",
    "no-json": "the system's answer is a page for browsers",
    "two-systems": "it manages two systems",
    "no-systems": "it manages none",
}
FAULTS = {
    "slow": "each answer takes VALUE seconds",
    "hang": "no answer to METHOD VALUE",
    "drop": "the first METHOD VALUE breaks off in the middle of its answer, after it was done",
    "drop-all": "each METHOD VALUE does",
    "cut": "the first METHOD VALUE is not done, and its connection closed without an answer",
    "die": "the first METHOD VALUE ends the controller, in the middle of its answer",
    "refuse": "no password is right",
    "lost": "for VALUE seconds after a reset the system is answered 500",
}
RESETS = ["On", "ForceOff", "GracefulShutdown", "ForceRestart", "GracefulRestart", "PowerCycle"]
SYSTEM = "/redfish/v1/Systems/1"


class Refusal(Exception):
    def __init__(self, code, message, message_id="Base.1.8.GeneralError", headers=()):
        super().__init__(message)
        self.code, self.message, self.message_id, self.headers = code, message, message_id, headers


class Controller:
    """The state, and what changes it."""

    def __init__(self, args):
        self.args = args
        self.quirks, self.faults = set(args.quirk), dict(args.fault)
        self.lock = threading.RLock()
        self.power = args.power == "on"
        self.was, self.changed = self.power, 0.0
        self.resets = 0
        self.lost_until, self.off_at = 0.0, None
        self.boot = {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None",
                     "BootSourceOverrideMode": "Legacy" if "legacy" in self.quirks else "UEFI"}
        self.before, self.patched = dict(self.boot), 0.0
        self.jobs = 0
        self.version = 1
        self.sessions = {}
        self.count = {}

    def has(self, quirk):
        return quirk in self.quirks

    def switch(self, *words):
        if self.args.switch:
            subprocess.run([self.args.switch, "set", *words], check=False, stdin=subprocess.DEVNULL)

    # --- power

    def shown_power(self):
        if self.has("no-power-state"):
            return None
        if self.has("turning-off"):
            self.off_at = self.off_at or time.monotonic() + 3
            if time.monotonic() < self.off_at:
                return "PoweringOff"
            self.quirks.remove("turning-off")
            self.set_power(False)
        lag = self.has("slow-power") and time.monotonic() - self.changed < 3
        return "On" if (self.was if lag else self.power) else "Off"

    def set_power(self, on):
        self.was, self.changed, self.power = self.power, time.monotonic(), on

    def boots(self):
        """The firmware looks at the override, and Once is over."""
        self.switch("power", "reset" if self.power else "on")
        self.resets += 1
        self.set_power(True)
        if self.jobs:
            self.jobs -= 1
            self.switch_boot()
        elif self.boot["BootSourceOverrideEnabled"] == "Once":
            self.boot.update(BootSourceOverrideEnabled="Disabled", BootSourceOverrideTarget="None")
            self.switch("boot", "none")

    def reset_types(self):
        gone = set()
        if self.has("no-force-restart"):
            gone |= {"ForceRestart"}
        if self.has("no-graceful-restart"):
            gone |= {"GracefulRestart", "GracefulShutdown"}
        if self.has("no-restart"):
            gone |= {"ForceRestart", "GracefulRestart", "PowerCycle"}
        return [r for r in RESETS if r not in gone]

    def reset(self, kind):
        if kind not in self.reset_types() or (kind == "ForceRestart" and self.has("restart-refused")):
            raise Refusal(400, f"The value {kind} for the parameter ResetType is not in the list of acceptable values.",
                          "Base.1.8.ActionParameterValueNotInList")
        if self.has("turned-off"):
            self.quirks.remove("turned-off")
            self.set_power(False)
            raise Refusal(400, "Not while the system is off.", "Sim.1.0.InvalidOperationForSystemState")
        if self.has("turning-off"):
            return
        if kind == "On" and self.power:
            raise Refusal(409, "The system is on already.", "Base.1.8.ResourceInUse")
        if kind != "On" and not self.power:
            raise Refusal(409, "The system is off.", "Base.1.8.ResourceInUse")
        if kind in ("ForceOff", "GracefulShutdown"):
            if not self.has("stuck-on"):
                self.switch("power", "off")
                self.set_power(False)
        else:
            self.boots()
        self.version += 1
        self.lost_until = time.monotonic() + float(self.faults.get("lost", 0))

    # --- boot override

    def targets(self):
        all_of_them = ["None", "Pxe", "Hdd", "Cd", "BiosSetup", "UefiHttp"]
        if self.has("no-uefi-http"):
            all_of_them.remove("UefiHttp")
        return ["None", "Hdd", "Cd"] if self.has("no-pxe") else all_of_them

    def shown_boot(self, settings):
        late = self.has("once-late") and time.monotonic() - self.patched < 2
        boot = dict(self.before if late else self.boot)
        if self.in_settings() and not settings:
            boot.update(BootSourceOverrideEnabled="Disabled", BootSourceOverrideTarget="None")
        if self.has("mode-absent"):
            del boot["BootSourceOverrideMode"]
        else:
            boot["BootSourceOverrideMode@Redfish.AllowableValues"] = ["UEFI", "Legacy"]
        if not self.has("no-targets"):
            boot["BootSourceOverrideTarget@Redfish.AllowableValues"] = self.targets()
        if not self.has("no-http-uri"):
            boot["HttpBootUri"] = None
        return boot

    def in_settings(self):
        return self.has("settings") or self.has("settings-silent")

    def check_member(self, key, value):
        if key not in ("BootSourceOverrideEnabled", "BootSourceOverrideTarget", "BootSourceOverrideMode", "HttpBootUri") or \
                (key == "BootSourceOverrideMode" and self.has("mode-absent")) or \
                (key == "HttpBootUri" and self.has("no-http-uri")):
            raise Refusal(400, f"The property {key} is not in the list of valid properties for the resource.",
                          "Base.1.8.PropertyUnknown")
        if key == "BootSourceOverrideMode" and self.has("mode-read-only"):
            raise Refusal(400, f"The property {key} is a read-only property and cannot be assigned a value.",
                          "Base.1.8.PropertyNotWritable")
        allowed = {"BootSourceOverrideEnabled": ["Disabled", "Once", "Continuous"],
                   "BootSourceOverrideTarget": self.targets(), "BootSourceOverrideMode": ["UEFI", "Legacy"]}.get(key)
        if allowed and value not in allowed:
            raise Refusal(400, f"The value {value} for the property {key} is not in the list of acceptable values.",
                          "Base.1.8.PropertyValueNotInList")

    def patch_boot(self, body, settings):
        """Returns the status, and a message of what was not taken."""
        wanted = body.get("Boot")
        if set(body) != {"Boot"} or not isinstance(wanted, dict):
            raise Refusal(400, "Only Boot can be changed.", "Base.1.8.PropertyNotWritable")
        if self.has("settings") and not settings:
            raise Refusal(400, "Boot properties are changed in the settings object.", "Sim.1.0.OperationInSettings")
        if self.has("settings-silent") and not settings:
            return 200, None
        if self.has("only-off") and self.power:
            raise Refusal(400, "Unable to modify the value while system is in POST.", "Sim.1.0.UnableToModifyDuringSystemPOST")
        for key, value in wanted.items():
            self.check_member(key, value)
        self.before, self.patched = self.shown_boot(True), time.monotonic()
        new, code, message = dict(wanted), 204, None
        if "BootSourceOverrideMode" in new and self.has("mode-job"):
            self.jobs, code = 1, 202
        if "BootSourceOverrideMode" in new and self.has("mode-ignored"):
            del new["BootSourceOverrideMode"]
            code, message = 200, "The boot mode is changed in the setup of the firmware only."
        if self.has("once-ignored") or (self.has("mode-required") and "BootSourceOverrideMode" not in new):
            new.update(BootSourceOverrideEnabled="Disabled", BootSourceOverrideTarget="Hdd")
        if self.has("once-continuous") and new.get("BootSourceOverrideEnabled") == "Once":
            new["BootSourceOverrideEnabled"] = "Continuous"
        self.boot.update(new)
        self.version += 1
        if not self.jobs:
            self.switch_boot()
        return code, message

    def switch_boot(self):
        enabled = self.boot["BootSourceOverrideEnabled"] != "Disabled"
        target = {"Pxe": "pxe", "UefiHttp": "uefi-http"}.get(self.boot["BootSourceOverrideTarget"], "none")
        self.switch("boot", target if enabled else "none")

    # --- ETags

    def etag(self):
        tag = f"v{self.version}"
        if self.has("gzip-etag"):
            return f'"{tag}-gzip"'
        return f'W/"{tag}"' if self.has("weak-etag") else f'"{tag}"'

    def check_if_match(self, given):
        if given is None:
            if self.has("if-match"):
                raise Refusal(428, "The request needs If-Match.", "Base.1.8.PreconditionRequired")
            return
        good = [f'"v{self.version}"', "*"] + ([] if self.has("weak-etag") else [f'W/"v{self.version}"'])
        if given not in good or self.has("no-if-match"):
            raise Refusal(412, "The ETag is not the resource's.", "Base.1.8.PreconditionFailed")

    # --- sessions

    def open_session(self):
        if self.has("few-sessions") and len(self.sessions) >= 2:
            raise Refusal(503, "There are as many sessions as there may be.", "Base.1.8.SessionLimitExceeded")
        key, token = secrets.token_hex(4), secrets.token_hex(16)
        self.sessions[key] = token
        return key, token


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "redfish_sim"
    timeout = 60

    # --- the transport

    def log_message(self, *args):
        pass

    def note(self, code):
        c = self.server.controller
        if not c.args.log:
            return
        line = {"method": self.command, "path": self.path, "body": self.body, "if_match": self.headers.get("If-Match"),
                "auth": self.auth, "code": code}
        if isinstance(line["body"], dict) and "Password" in line["body"]:
            line["body"] = dict(line["body"], Password="…")
        with c.lock, open(c.args.log, "a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")

    def faulted(self, name, once=True):
        c = self.server.controller
        if c.faults.get(name) != self.command or (self.command == "POST" and "/Sessions" in self.path):
            return False
        if once:
            del c.faults[name]
        return True

    def break_off(self, data):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + data[:20])
        self.wfile.flush()
        if self.faulted("die"):
            os._exit(1)
        self.connection.close()
        self.close_connection = True

    def answer(self, code, body=None, headers=()):
        c = self.server.controller
        self.note(code)
        data = b"" if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        if "slow" in c.faults:
            time.sleep(float(c.faults["slow"]))
        if self.faulted("hang", once=False):
            time.sleep(3600)
        if self.faulted("drop") or self.faulted("drop-all", once=False) or c.faults.get("die") == self.command:
            return self.break_off(data)
        self.send_response(code)
        self.send_header("OData-Version", "4.0")
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers:
            self.send_header(name, value)
        if code != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if code != 204 and self.command != "HEAD":
            self.wfile.write(data)
        return None

    def refuse(self, r):
        info = [{"@odata.type": "#Message.v1_1_1.Message", "MessageId": r.message_id, "Message": r.message,
                 "Severity": "Critical", "Resolution": "None."}]
        self.answer(r.code, {"error": {"code": r.message_id, "message": r.message, "@Message.ExtendedInfo": info}}, r.headers)

    def handle_one(self):
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(min(length, 1 << 20))
        self.body, self.auth = None, None
        if self.faulted("cut"):
            self.note(0)
            self.close_connection = True
            return
        try:
            try:
                self.body = json.loads(raw) if raw else None
            except ValueError:
                raise Refusal(400, "The request body is no JSON.", "Base.1.8.MalformedJSON") from None
            self.busy()
            with self.server.controller.lock:
                result = self.route()
            self.answer(*result)
        except Refusal as r:
            self.refuse(r)

    do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = handle_one

    # --- who asks

    def busy(self):
        c = self.server.controller
        for quirk, code, methods in (("busy", 503, None), ("throttled", 429, None), ("conflict", 409, ("PATCH", "POST"))):
            if c.has(quirk) and (not methods or self.command in methods):
                c.count[quirk] = c.count.get(quirk, 0) + 1
                if c.count[quirk] % 3:
                    raise Refusal(code, "The service is busy.", "Base.1.8.ServiceTemporarilyUnavailable",
                                  [("Retry-After", "1")] if code == 503 else [])

    def right(self, user, password):
        args = self.server.controller.args
        return "refuse" not in self.server.controller.faults and user == args.user and \
            hmac.compare_digest(password.encode(), args.password.encode())

    def authorise(self):
        c = self.server.controller
        token, basic = self.headers.get("X-Auth-Token"), self.headers.get("Authorization") or ""
        if token is not None:
            self.auth = "session"
            if token in c.sessions.values():
                return
        elif basic.startswith("Basic ") and not c.has("session-only"):
            self.auth = "basic"
            user, _, password = base64.b64decode(basic[6:]).decode("utf-8", "replace").partition(":")
            if self.right(user, password):
                return
        elif basic:
            self.auth = "basic"
        raise Refusal(401, "The credentials are missing or not right.", "Base.1.8.InsufficientPrivilege",
                      [] if c.has("session-only") else [("WWW-Authenticate", 'Basic realm="Redfish"')])

    # --- what is asked

    def route(self):
        c = self.server.controller
        path = urllib.parse.urlsplit(self.path).path
        path = path.rstrip("/") or "/"
        open_to_all = path == "/redfish" or (path == "/redfish/v1" and not c.has("root-auth")) or \
            (path == "/redfish/v1/SessionService/Sessions" and self.command == "POST")
        if not open_to_all:
            self.authorise()
        elif self.headers.get("Authorization") or self.headers.get("X-Auth-Token"):
            self.auth = "needless"
        if c.has("slash") and self.path == "/redfish/v1/":
            return 308, {}, [("Location", "/redfish/v1")]
        if c.has("slash-system") and self.path == SYSTEM:
            return 308, {}, [("Location", SYSTEM + "/")]
        if c.has("redirect-abroad") and path == "/redfish/v1/Systems":
            return 301, {}, [("Location", "https://elsewhere.invalid/redfish/v1/Systems")]
        if self.command in ("GET", "HEAD"):
            return self.get(path)
        if self.command == "POST":
            return self.post(path)
        if self.command == "PATCH":
            return self.patch(path)
        return self.delete(path)

    def missing(self):
        return Refusal(404, f"The resource at {self.path} was not found.", "Base.1.8.ResourceMissingAtURI")

    def get(self, path):
        c = self.server.controller
        if path in (SYSTEM, SYSTEM + "/SD") and (path == SYSTEM or c.in_settings()):
            if time.monotonic() < c.lost_until:
                raise Refusal(500, "The system is not there.", "Base.1.8.InternalError")
            if c.has("huge"):
                return 200, {"@odata.id": SYSTEM, "Description": "x" * (2 << 20)}
            if c.has("deep"):
                return 200, b'{"a":' * 100 + b"1" + b"}" * 100
            if c.has("no-json"):
                return 200, b"<html>Log in, please</html>"
            return 200, self.system(path == SYSTEM + "/SD"), [("ETag", c.etag())]
        body = self.resources().get(path)
        if body is None:
            raise self.missing()
        return 200, dict(body, **{"@odata.id": path})

    def system(self, settings):
        c, args = self.server.controller, self.server.controller.args
        body = {"@odata.id": SYSTEM + ("/SD" if settings else ""), "@odata.type": "#ComputerSystem.v1_13_0.ComputerSystem",
                "@odata.etag": c.etag(), "Id": "1", "Name": "System", "Boot": c.shown_boot(settings)}
        if settings:
            return body
        actions = {"target": SYSTEM + "/Actions/ComputerSystem.Reset"}
        if c.has("action-info"):
            actions["@Redfish.ActionInfo"] = SYSTEM + "/ResetActionInfo"
        elif not c.has("no-reset-types"):
            actions["ResetType@Redfish.AllowableValues"] = c.reset_types()
        body.update({
            "SystemType": "Physical", "Manufacturer": args.manufacturer, "Model": "Simulated", "SerialNumber": args.serial,
            "AssetTag": args.asset_tag, "UUID": args.uuid, "PowerState": c.shown_power(), "BiosVersion": "1.0",
            "LastResetTime": f"2026-01-01T00:00:{c.resets % 60:02}Z",
            "ProcessorSummary": {"Count": 1, "Model": "Simulated"}, "MemorySummary": {"TotalSystemMemoryGiB": 2},
            "Status": {"State": "Enabled", "Health": "OK"},
            "EthernetInterfaces": {"@odata.id": SYSTEM + "/EthernetInterfaces"},
            "Links": {"Chassis": [{"@odata.id": "/redfish/v1/Chassis/1"}], "ManagedBy": [{"@odata.id": "/redfish/v1/Managers/1"}]},
            "Actions": {} if c.has("no-reset") else {"#ComputerSystem.Reset": actions}})
        if c.in_settings():
            body["@Redfish.Settings"] = {"@odata.type": "#Settings.v1_3_0.Settings",
                                         "SettingsObject": {"@odata.id": SYSTEM + "/SD"}}
        return body

    @staticmethod
    def collection(kind, *paths):
        return {"@odata.type": f"#{kind}Collection.{kind}Collection", "Name": kind, "Members@odata.count": len(paths),
                "Members": [{"@odata.id": p} for p in paths]}

    def resources(self):
        c, args = self.server.controller, self.server.controller.args
        systems = [] if c.has("no-systems") else [SYSTEM]
        if c.has("two-systems"):
            systems.append("/redfish/v1/Systems/2")
        place = "//elsewhere.invalid/redfish/v1/Systems" if c.has("link-abroad") else "/redfish/v1/Systems"
        root = {"@odata.type": "#ServiceRoot.v1_9_0.ServiceRoot", "Id": "RootService", "Name": "Root Service",
                "RedfishVersion": "1.11.0", "UUID": "92384634-2938-2342-8820-489239905423",
                "Systems": {"@odata.id": place}, "Chassis": {"@odata.id": "/redfish/v1/Chassis"},
                "Managers": {"@odata.id": "/redfish/v1/Managers"},
                "SessionService": {"@odata.id": "/redfish/v1/SessionService"},
                "Links": {"Sessions": {"@odata.id": "/redfish/v1/SessionService/Sessions"}}}
        if args.vendor:
            root["Vendor"] = args.vendor
        sessions = "/redfish/v1/SessionService/Sessions"
        all_of_them = {
            "/redfish": {"v1": "/redfish/v1/"},
            "/redfish/v1": root,
            "/redfish/v1/SessionService": {
                "@odata.type": "#SessionService.v1_1_8.SessionService", "Id": "SessionService", "Name": "Session Service",
                "ServiceEnabled": True, "SessionTimeout": 600, "Sessions": {"@odata.id": sessions}},
            sessions: self.collection("Session", *[f"{sessions}/{k}" for k in c.sessions]),
            "/redfish/v1/Systems": self.collection("ComputerSystem", *systems),
            SYSTEM + "/EthernetInterfaces": self.collection("EthernetInterface", SYSTEM + "/EthernetInterfaces/1"),
            SYSTEM + "/EthernetInterfaces/1": {
                "@odata.type": "#EthernetInterface.v1_6_2.EthernetInterface", "Id": "1", "Name": "Ethernet",
                "MACAddress": args.mac, "PermanentMACAddress": args.mac, "SpeedMbps": 1000,
                "Status": {"State": "Enabled", "Health": "OK"}},
            "/redfish/v1/Chassis": self.collection("Chassis", "/redfish/v1/Chassis/1"),
            "/redfish/v1/Chassis/1": {
                "@odata.type": "#Chassis.v1_14_0.Chassis", "Id": "1", "Name": "Chassis", "ChassisType": "RackMount",
                "Links": {"ComputerSystems": [{"@odata.id": SYSTEM}]}},
            "/redfish/v1/Managers": self.collection("Manager", "/redfish/v1/Managers/1"),
            "/redfish/v1/Managers/1": {
                "@odata.type": "#Manager.v1_10_0.Manager", "Id": "1", "Name": "Manager", "ManagerType": "BMC",
                "FirmwareVersion": "1.0", "Links": {"ManagerForServers": [{"@odata.id": SYSTEM}]}},
        }
        if c.has("two-systems"):
            all_of_them["/redfish/v1/Systems/2"] = {"Id": "2", "Name": "Other", "PowerState": "Off"}
        if c.has("action-info"):
            all_of_them[SYSTEM + "/ResetActionInfo"] = {
                "@odata.type": "#ActionInfo.v1_1_2.ActionInfo", "Id": "ResetActionInfo", "Name": "Reset Action Info",
                "Parameters": [{"Name": "ResetType", "Required": True, "DataType": "String", "AllowableValues": c.reset_types()}]}
        for key in c.sessions:
            all_of_them[f"{sessions}/{key}"] = {
                "@odata.type": "#Session.v1_3_0.Session", "Id": key, "Name": "Session", "UserName": args.user}
        return all_of_them

    def post(self, path):
        c = self.server.controller
        body = self.body if isinstance(self.body, dict) else {}
        if path == "/redfish/v1/SessionService/Sessions":
            if not self.right(str(body.get("UserName")), str(body.get("Password"))):
                raise Refusal(401, "The credentials are not right.", "Base.1.8.InsufficientPrivilege")
            key, token = c.open_session()
            place = f"{path}/{key}"
            return 201, {"@odata.id": place, "Id": key, "Name": "Session", "UserName": c.args.user}, \
                [("X-Auth-Token", token), ("Location", place)]
        if path != SYSTEM + "/Actions/ComputerSystem.Reset" or c.has("no-reset"):
            raise self.missing()
        c.reset(body.get("ResetType"))
        return 204, None

    def patch(self, path):
        c = self.server.controller
        if path not in (SYSTEM, SYSTEM + "/SD") or (path != SYSTEM and not c.in_settings()):
            raise self.missing()
        c.check_if_match(self.headers.get("If-Match"))
        code, message = c.patch_boot(self.body if isinstance(self.body, dict) else {}, path != SYSTEM)
        if message:
            return code, {"@odata.id": path, "Boot": {"BootSourceOverrideMode@Message.ExtendedInfo": [{"Message": message}]}}
        return (code, {}, [("Location", "/redfish/v1/TaskService/Tasks/1")]) if code == 202 else \
            (code, None if code == 204 else {})

    def delete(self, path):
        c = self.server.controller
        key = path.rpartition("/")[2]
        if not path.startswith("/redfish/v1/SessionService/Sessions/") or key not in c.sessions:
            raise self.missing()
        del c.sessions[key]
        return 204, None


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, controller):
        self.controller, self.context = controller, None
        super().__init__(address, Handler)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking for this host's name
        self.server_name, self.server_port = self.server_address[:2]

    def process_request_thread(self, request, client_address):
        # the handshake is in the connection's thread: one that is slow at it keeps nobody
        try:
            request.settimeout(30)
            request = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            request.close()
            return
        super().process_request_thread(request, client_address)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def certificate(folder, name):
    """A key and a certificate that it signs itself. Returns the context and the fingerprint."""
    key, cert = (os.path.join(folder, f"{name}.{end}") for end in ("key", "pem"))
    if not os.path.exists(cert):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "3650", "-subj", f"/CN=controller {name}"],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with open(cert, encoding="ascii") as f:
        return context, hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()


def fault(text):
    name, _, value = text.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"no fault {name}: {', '.join(FAULTS)}")
    return name, value


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog="\n".join(
        ["quirks:"] + [f"  {k:20} {v}" for k, v in QUIRKS.items()] + ["faults:"] + [f"  {k:20} {v}" for k, v in FAULTS.items()]))
    p.add_argument("--dir", required=True, help="for its certificates")
    p.add_argument("--address", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--user", default="admin")
    p.add_argument("--password-file", required=True)
    p.add_argument("--quirk", action="append", default=[], choices=QUIRKS, metavar="NAME")
    p.add_argument("--fault", action="append", default=[], type=fault, metavar="NAME[=VALUE]")
    p.add_argument("--log")
    p.add_argument("--switch", metavar="PROG")
    p.add_argument("--power", choices=("on", "off"), default="off")
    p.add_argument("--vendor", default="")
    p.add_argument("--manufacturer", default="Simulated")
    p.add_argument("--serial", default="SIM0001")
    p.add_argument("--asset-tag", default="")
    p.add_argument("--uuid", default="11111111-2222-4333-8444-555555555555")
    p.add_argument("--mac", default="52:54:00:00:00:01")
    args = p.parse_args()
    with open(args.password_file, encoding="utf-8") as f:
        args.password = f.readline().rstrip("\n")
    return args


def main():
    args = arguments()
    server = Server((args.address, args.port), Controller(args))
    server.context, fingerprint = certificate(args.dir, "first")

    def change(*_):
        server.context = certificate(args.dir, "second")[0]

    signal.signal(signal.SIGUSR1, change)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(f"ready {server.server_port} {fingerprint}\n", end="", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
