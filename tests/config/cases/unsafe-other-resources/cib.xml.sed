/<primitive id="twin"/i <group id="g"><primitive id="web" class="ocf" provider="heartbeat" type="apache"/></group>
