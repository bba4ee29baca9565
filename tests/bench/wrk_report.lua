-- wrk's last word in figures: bytes=… requests=… us=… errors=… (of connections, time-outs, answers that are no success)
function done(summary)
	local e = summary.errors
	io.write(string.format("bytes=%.0f requests=%.0f us=%.0f errors=%.0f\n", summary.bytes, summary.requests,
		summary.duration, e.connect + e.read + e.write + e.timeout + e.status))
end
