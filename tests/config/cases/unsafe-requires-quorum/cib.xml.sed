/id="vm1-mirror-p"/a <nvpair id="rq" name="requires" value="quorum"/>
